"""Proportions of bodies from ANSUR II, as `synthetic_human/rare/bodies.py` has them.

    python benchmarks/body_statistics.py --men=MEN.csv --women=WOMEN.csv

The two files are the public ones of the 2012 Anthropometric Survey of U.S. Army
Personnel (Gordon et al., 2014, NATICK/TR-15/007): 4082 men and 1986 women, who are in
the public domain. Printed are stature, and of each bone's share of it the deviation of
each sex's mean from the mean of both, the standard deviation within a sex, all as
percentages of the share, and the correlations of the shares within a sex.
"""

import argparse
import csv

import numpy as np

# Bones of the body and what stands for them, mm: differences of heights, or lengths.
SEGMENTS = {
    "thigh": ("trochanterionheight", "lateralfemoralepicondyleheight"),
    "shank": ("lateralfemoralepicondyleheight", "lateralmalleolusheight"),
    "ankle_height": ("lateralmalleolusheight",),
    "trunk": ("cervicaleheight", "trochanterionheight"),
    "head": ("stature", "cervicaleheight"),
    "shoulder": ("biacromialbreadth",),
    "hip": ("bicristalbreadth",),
    "upper_arm": ("acromionradialelength",),
    "forearm": ("radialestylionlength",),
}


def read_shares(path: str) -> tuple[np.ndarray, np.ndarray]:
    """Stature in mm `(people,)` and the logarithms of the shares `(people, bones)`."""
    with open(path, encoding="latin-1", newline="") as file:
        rows = list(csv.DictReader(file))

    def column(name):
        return np.array([float(row[name]) for row in rows])

    stature = column("stature")
    lengths = [
        column(first) - (column(rest[0]) if rest else 0)
        for first, *rest in SEGMENTS.values()
    ]
    return stature, np.log(np.stack(lengths, axis=1) / stature[:, None])


def main(arguments: list[str] | None = None) -> None:
    """Prints the table; `arguments` are those of the command line by default."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--men", required=True)
    parser.add_argument("--women", required=True)
    arguments = parser.parse_args(arguments)
    sexes = {"women": read_shares(arguments.women), "men": read_shares(arguments.men)}
    means = {name: shares.mean(axis=0) for name, (_, shares) in sexes.items()}
    middle = (means["women"] + means["men"]) / 2
    for name, (stature, _) in sexes.items():
        print(f"{name}: {len(stature)}, {stature.mean():.0f} +- {stature.std():.0f} mm")
    within = np.mean([np.cov(shares.T) for _, shares in sexes.values()], axis=0)
    deviation = np.sqrt(np.diag(within))
    print("bone, share, men - mean %, standard deviation %")
    for i, bone in enumerate(SEGMENTS):
        men = 100 * (means["men"] - middle)[i]
        print(f"{bone}: {np.exp(middle[i]):.3f}, {men:+.1f}, {100 * deviation[i]:.1f}")
    print(np.round(within / np.outer(deviation, deviation), 2).tolist())


if __name__ == "__main__":
    main()
