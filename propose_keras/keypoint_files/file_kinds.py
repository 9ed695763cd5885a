"""Says what a file seems to be that holds no keypoints which can be read."""

import collections
import pathlib
import zipfile

_DETECT = (
    "Lifting starts from 2D keypoints: run a detector first (AlphaPose, MMPose, "
    "MediaPipe, Ultralytics and others) and pass what it writes"
)
_IS_3D = "It holds motion in 3D; lifting starts from 2D keypoints in pixels"
_PICKLE = (
    "Pickles are not opened, since they can run code: save the keypoints as JSON, or "
    "as arrays with numpy.savez"
)
_UNPACK = "Unpack it and pass what is inside"
_SAVE = "Save the keypoints as csv, JSON or npz"
_ZIP = "a zip archive"
_HDF5 = "an HDF5 file"
_EMPTY = "It is empty (0 bytes). Did the program that wrote it run to its end?"

# What a file begins with.
_STARTS = (
    (b"\x89PNG", "a PNG picture", _DETECT),
    (b"\xff\xd8\xff", "a JPEG picture", _DETECT),
    (b"GIF8", "a GIF picture", _DETECT),
    (b"II*\x00", "a TIFF picture", _DETECT),
    (b"MM\x00*", "a TIFF picture", _DETECT),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video", _DETECT),
    (b"OggS", "an Ogg video or sound", _DETECT),
    (b"\x1f\x8b", "compressed by gzip", _UNPACK),
    (b"BZh", "compressed by bzip2", _UNPACK),
    (b"\xfd7zXZ", "compressed by xz", _UNPACK),
    (b"7z\xbc\xaf", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", _UNPACK),
    (b"MATLAB 5.0", "a MATLAB file", _SAVE),
    (b"MATLAB 7.3", "a MATLAB file", _SAVE),
    (b"HIERARCHY", "a BVH motion", _IS_3D),
    (b"Kaydara FBX", "an FBX motion", _IS_3D),
    (b"glTF", "a glTF scene", _IS_3D),
    (b"\x93NUMPY", "a NumPy array", "Rename it to .npy"),
    (b"\x89HDF", _HDF5, "Rename it to .h5"),
    (b"PathFileType", "a trc file of markers", "Rename it to .trc"),
    (b"PAR1", "a Parquet table", _SAVE),
    (b"ARROW1", "an Arrow table", _SAVE),
    (b"SQLite format 3", "an SQLite database", _SAVE),
    (b"\xd0\xcf\x11\xe0", "an old Office document", _SAVE),
    (b"%PDF", "a PDF document", _SAVE),
    (b"<?xml", "an XML text", _SAVE),
    (b"<!DOCTYPE html", "an HTML page", "Was it downloaded in full"),
    (b"<html", "an HTML page", "Was it downloaded in full"),
    *((b"\x80" + bytes([n]), "a Python pickle", _PICKLE) for n in range(2, 6)),
)
# Suffixes, where the start says nothing.
_SUFFIXES = {
    suffix: (kind, advice)
    for suffixes, kind, advice in (
        (
            ".jpg .jpeg .png .bmp .webp .tif .tiff .gif .heic .avif",
            "a picture",
            _DETECT,
        ),
        (".mp4 .avi .mov .mkv .webm .m4v .wmv .mpg .mpeg .flv", "a video", _DETECT),
        (".pkl .pickle .p", "a Python pickle", _PICKLE),
        (".pt .pth .ckpt", "a file of PyTorch", _PICKLE),
        (".bvh .fbx .c3d .amc .asf .mot .sto .glb .gltf", "a motion in 3D", _IS_3D),
        (".zip .gz .tar .tgz .bz2 .xz .7z .rar", "an archive", _UNPACK),
        (".xlsx .xls .ods", "a spreadsheet", "Save it as csv"),
        (".mat", "a MATLAB file", _SAVE),
        (".parquet .feather .arrow", "a table of another kind", _SAVE),
        (".yaml .yml .toml .xml", "a text of settings", _SAVE),
        (".keras .onnx .tflite", "a model", "Pass keypoints"),
        (".slp", "a SLEAP project", "Export it: sleap-convert --format analysis"),
        (".tfrecord", "TFRecords", _SAVE),
    )
    for suffix in suffixes.split()
}
_OWN = {
    ".npy": "a NumPy array",
    ".npz": "a NumPy archive",
    ".h5": _HDF5,
    ".hdf5": _HDF5,
    ".trc": "a trc file of markers",
}
_C3D_MARK = 0x50  # Its second byte.
_LENGTH = 512


def seems_to_be(path: pathlib.Path) -> str | None:
    """What a file seems to be, and what to do with it; None if that is not known."""
    if not path.stat().st_size:
        return _EMPTY
    found, by_name = _by_start(path), _SUFFIXES.get(path.suffix.lower())
    if found is None or (by_name and found[0] in (_ZIP, _HDF5)):
        found = by_name or found  # Containers of anything: the name says more.
    return None if found is None else f"It seems to be {found[0]}. {found[1]}."


def belies_its_suffix(path: pathlib.Path) -> str | None:
    """What a file is and what to do, if it begins otherwise than its suffix says."""
    if not path.stat().st_size:
        return _EMPTY
    found, suffix = _by_start(path), path.suffix.lower()
    if found is None or found[0] == _OWN.get(suffix):
        return None
    if suffix == ".npz" and found[0] == _ZIP:
        return None  # Reading it tells what it lacks.
    return f"It seems to be {found[0]}. {found[1]}."


def what_a_folder_holds(path: pathlib.Path) -> str:
    """What a folder without keypoints holds, and what to do, in words."""
    inside = sorted(path.iterdir())
    if not inside:
        return "The folder is empty."
    folders = [entry for entry in inside if entry.is_dir()]
    suffixes = collections.Counter(
        entry.suffix.lower() for entry in inside if not entry.is_dir()
    )
    if not suffixes:
        names = ", ".join(entry.name for entry in folders[:5])
        return f"It holds folders only ({names}): pass the one with the keypoints."
    suffix, count = suffixes.most_common(1)[0]
    kind, advice = _SUFFIXES.get(suffix, ("", "Pass one file of keypoints"))
    seems = f", {kind} each" if kind else ""
    files = "file" if count == 1 else "files"
    return f"It holds {count} {files} {suffix!r}{seems}. {advice}."


def _by_start(path):
    """What a file is and what to do, from its first bytes."""
    with open(path, "rb") as file:
        start = file.read(_LENGTH)
    for mark, kind, advice in _STARTS:
        if start.lstrip().startswith(mark):
            return kind, advice
    if start.startswith(b"PK\x03\x04"):
        return _archive(path)
    if start[:4] == b"RIFF" and start[8:12] in (b"AVI ", b"WEBP"):
        return ("a picture" if start[8:12] == b"WEBP" else "an AVI video"), _DETECT
    if start[4:8] == b"ftyp":
        picture = start[8:12] in (b"heic", b"heix", b"avif", b"mif1")
        return ("a picture" if picture else "an MP4 or QuickTime video"), _DETECT
    if start[257:262] == b"ustar":
        return "a tar archive", _UNPACK
    if path.suffix.lower() == ".c3d" and start[1:2] == bytes([_C3D_MARK]):
        return "a C3D file of markers", _IS_3D
    return None


def _archive(path):
    """What a zip archive is."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return _ZIP, "It is damaged or cut short"
    if any(name.endswith("data.pkl") for name in names):
        return "a file of PyTorch", _PICKLE
    if "[Content_Types].xml" in names:
        return "an Office document", "Save it as csv"
    if "metadata.json" in names and any(name.endswith(".h5") for name in names):
        return "a Keras model", "Pass keypoints"
    if names and all(name.endswith(".npy") for name in names):
        return "a NumPy archive", "Rename it to .npz"
    return _ZIP, _UNPACK
