import pathlib

import pytest
from absl import flags

from propose_keras.cli import evaluate, outputs
from propose_keras.evaluation.protocols import get_protocol

CONFIGS = pathlib.Path(__file__).parents[2] / "configs" / "tables"


@pytest.mark.parametrize("number", range(1, 8))
def test_flagfile_of_each_table_parses(number):
    path = CONFIGS / f"table{number}.flags"
    values = flags.FlagValues()
    evaluate.define_flags(values)
    values(["evaluate", f"--flagfile={path}", "--workdir=elsewhere"])
    assert values.table == number
    assert values.workdir == "elsewhere"
    assert path.read_text().startswith(f"# Table {number}: ")
    if number <= 3:
        protocol = get_protocol(values.protocol)
        protocol.check_dataset(values.dataset)
        outputs.check_table(number, protocol)
    else:
        assert values.runs
