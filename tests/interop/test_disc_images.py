# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of disc images (src/format) on images of other programs, with 7z as the second
reader; damaged and hostile ones end quickly, with one line that says why."""

import os
import pathlib
import random
import re
import resource
import shutil
import struct
import subprocess
import sys

import pytest

import discs
from discs import SECTOR, Udf, get, mend, put

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tests"))
from fake_kernel import fake_kernel  # noqa: E402

pytestmark = pytest.mark.skipif(any(shutil.which(p) is None for p in ("genisoimage", "mkudffs", "xorriso", "7z")),
                                reason="genisoimage, udftools, xorriso and p7zip-full make and read the images")
LONG = "Größe and a name that is rather long for ISO 9660 alone.txt"


@pytest.fixture(scope="session")
def disc_list():
    found = sorted(TREE.glob("build/*/tests/disc_list"))
    if not found:
        pytest.skip("disc_list is not built (./dev build)")
    return str(found[0])


def limits():
    if "asan" in os.environ.get("BOOTFERRY_BIN", ""):
        return  # shadow memory is terabytes
    resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))


def ask(disc_list, image, *options):
    return subprocess.run([disc_list, *options, str(image)], capture_output=True, text=True, timeout=20,
                          preexec_fn=limits)


def read(disc_list, image):
    """Kind, label, and {path: content} out of the extents that it names."""
    done = ask(disc_list, image)
    assert done.returncode == 0, done.stderr
    head, *lines = done.stdout.splitlines()
    files = {}
    with open(image, "rb") as file:
        for line in lines:
            size, extents, path = line.split("\t")
            content = b""
            for extent in extents.split():
                offset, length = map(int, extent.split("+"))
                content += os.pread(file.fileno(), length, offset)
            assert len(content) == int(size)
            files[path] = content
    return *head.split("\t"), files


def by_7z(image, kind, out):
    discs.run("7z", "x", "-y", f"-t{kind}", f"-o{out}", image)
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file() and not p.is_symlink()}


def refusal(disc_list, image):
    done = ask(disc_list, image)
    assert done.returncode == 1 and done.stdout == "", done
    assert done.stderr.count("\n") == 1 and 5 < len(done.stderr) < 300, done.stderr
    return done.stderr.strip()


@pytest.fixture(scope="session")
def files():
    noise = random.Random(1)
    return {"Sources/boot.wim": noise.randbytes(300_000), "sources/setup.exe": noise.randbytes(5000), "empty": b"",
            "a/b/c/d/e/f/g/h/i/" + LONG: b"deep", "boot/boot.sdi": noise.randbytes(2048)}


@pytest.fixture(scope="session")
def tree(files, tmp_path_factory):
    root = tmp_path_factory.mktemp("tree")
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    (root / "link").symlink_to("sources")
    return root


@pytest.fixture(scope="session")
def shallow(tree, tmp_path_factory):
    """As deep as Joliet's and ISO 9660's own names go."""
    root = tmp_path_factory.mktemp("shallow")
    for path in ("Sources", "sources", "boot"):
        shutil.copytree(tree / path, root / path, dirs_exist_ok=True)
    return root


def contents(root):
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file() and not p.is_symlink()}


def test_rock_ridge(disc_list, tree, files, tmp_path):
    image = discs.genisoimage(tmp_path / "image", tree, "-R", "-J")  # Joliet's side stops at six levels
    assert read(disc_list, image) == ("Rock Ridge", "LABEL", files)
    assert by_7z(discs.genisoimage(tmp_path / "same", tree, "-R"), "Iso", tmp_path / "7z")["empty"] == b""


def test_a_directory_in_two_places(disc_list, tmp_path):
    """As mkisofs writes links to directories when it is told to follow them."""
    for name in ("one", "two"):
        (tmp_path / "tree" / name).mkdir(parents=True)
    (tmp_path / "tree/one/file").write_bytes(b"content")
    image = discs.genisoimage(tmp_path / "image", tmp_path / "tree", "-R")
    data = bytearray(image.read_bytes())
    (one,), (two,) = iso_records(data, b"ONE"), iso_records(data, b"TWO")
    data[two + 2:two + 18] = data[one + 2:one + 18]
    image.write_bytes(data)
    assert read(disc_list, image)[2] == {"one/file": b"content", "two/file": b"content"}


def test_xorriso(disc_list, tree, files, tmp_path):
    image = tmp_path / "image"
    discs.run("xorriso", "-as", "mkisofs", "-R", "-J", "-V", "LABEL", "-o", image, tree)
    assert read(disc_list, image) == ("Rock Ridge", "LABEL", files)


def test_joliet(disc_list, shallow, tmp_path):
    image = discs.genisoimage(tmp_path / "image", shallow, "-J")
    kind, _, found = read(disc_list, image)
    assert kind == "Joliet" and found == contents(shallow) == by_7z(image, "Iso", tmp_path / "7z")


def test_plain_iso_9660(disc_list, shallow, tmp_path):
    image = discs.genisoimage(tmp_path / "image", shallow)
    kind, _, found = read(disc_list, image)
    again = {path.lower(): content for path, content in by_7z(image, "Iso", tmp_path / "7z").items()}
    assert kind == "ISO 9660" and found == again
    assert sorted(found.values()) == sorted(contents(shallow).values())


def test_udf_beside_iso_9660(disc_list, tree, files, tmp_path):
    image = discs.genisoimage(tmp_path / "image", tree, "-R", "-J", "-udf")
    kind, label, found = read(disc_list, image)
    assert (kind, label) == ("UDF", "LABEL")
    assert found.pop("link") == b""  # how genisoimage writes a link there
    assert found == files
    again = by_7z(image, "Udf", tmp_path / "7z")
    again.pop("link", None)
    assert again == files


@pytest.mark.parametrize("block", [512, 1024, 2048, 4096])
@pytest.mark.parametrize("revision", ["1.02", "1.50", "2.01"])
def test_revisions_and_block_sizes(disc_list, revision, block, tmp_path):
    for allocations in ("inicb", "short", "long"):
        image = discs.mkudffs(tmp_path / "image", revision, block, options=[f"--ad={allocations}"])
        assert read(disc_list, image) == ("UDF", "Größe", {})


def test_udf_by_hand(disc_list, tmp_path):
    wanted = discs.udf_by_hand(tmp_path / "image")
    assert read(disc_list, tmp_path / "image") == ("UDF", "Größe", wanted)
    wanted = discs.udf_by_hand(tmp_path / "image", chain=False)  # 7z follows no chained allocations
    assert read(disc_list, tmp_path / "image")[2] == wanted == by_7z(tmp_path / "image", "Udf", tmp_path / "7z")


@pytest.mark.slow
def test_a_file_that_the_iso_9660_side_shortens(disc_list, tmp_path):
    size = (4 << 30) + 12345
    tree = tmp_path / "tree"
    (tree / "sources").mkdir(parents=True)
    with open(tree / "sources/install.wim", "wb") as file:
        file.truncate(size)
        file.seek(size - 3)
        file.write(b"end")
    image = discs.genisoimage(tmp_path / "image", tree, "-udf", "-allow-limited-size")
    done = ask(disc_list, image)
    line = done.stdout.splitlines()[1].split("\t")
    assert line[0] == str(size) and line[2] == "sources/install.wim"
    (extent,) = line[1].split()  # pieces of a gigabyte, joined
    offset, length = map(int, extent.split("+"))
    with open(image, "rb") as file:
        assert os.pread(file.fileno(), 3, offset + length - 3) == b"end"


def test_a_file_of_five_gigabytes_in_a_sparse_image(disc_list, tmp_path):
    """As above, in a second: a small image of genisoimage's whose UDF side is made to say more."""
    tree = tmp_path / "tree"
    (tree / "sources").mkdir(parents=True)
    (tree / "sources/install.wim").write_bytes(b"shortened")
    image = discs.genisoimage(tmp_path / "image", tree, "-udf", "-no-pad")
    data = bytearray(image.read_bytes())
    start = next(get(data, at + 188, "I") for at in range(32 * SECTOR, 64 * SECTOR, SECTOR) if get(data, at, "H") == discs.PARTITION)
    entry = next(at for at in range(0, len(data), SECTOR)
                 if get(data, at, "H") == discs.ENTRY and data[at + 27] == 5 and get(data, at + 56, "Q") == 9)
    size, piece = (5 << 30) + 12345, 0x3FFFF800  # the largest piece of whole blocks
    begin, pieces = len(data) // SECTOR + 1, b""
    for at in range(0, size, piece):
        pieces += struct.pack("<II", min(piece, size - at), begin + at // SECTOR - start)
    data[entry + 176:entry + 176 + len(pieces)] = pieces
    put(data, entry + 34, "H", get(data, entry + 34, "H") & ~7)
    put(data, entry + 56, "Q", size)
    put(data, entry + 172, "I", len(pieces))
    put(data, entry + 10, "H", 160 + len(pieces))
    mend(data, entry)
    with open(image, "r+b") as file:
        file.write(data)
        file.truncate(begin * SECTOR + size)
        file.seek(begin * SECTOR + size - 3)
        file.write(b"end")
    line = ask(disc_list, image).stdout.splitlines()[1].split("\t")
    assert line == [str(size), f"{begin * SECTOR}+{size} ", "sources/install.wim"]
    listed = subprocess.run(["7z", "l", "-slt", "-tUdf", image], capture_output=True, text=True).stdout
    assert "Path = sources/install.wim" in listed and f"Size = {size}" in listed, listed


def test_what_windows_media_boot(disc_list, tree, tmp_path):
    image = discs.genisoimage(tmp_path / "image", tree, "-udf", "-R")
    done = ask(disc_list, image, "--boot")
    assert done.stdout == "windows\t\tother\tSources/boot.wim\t\tboot/boot.sdi\n", done


def test_what_linux_media_boot(disc_list, tmp_path):
    tree = tmp_path / "tree"
    for path, content in {"install.amd/vmlinuz": fake_kernel(), "install.amd/initrd.gz": b"initrd",
                          "isolinux/isolinux.cfg": b"include menu.cfg\ndefault vesamenu.c32\n",
                          "isolinux/menu.cfg": b"label install\n kernel /install.amd/vmlinuz\n"
                                               b" append initrd=/install.amd/initrd.gz --- quiet\n"}.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(content)
    for options in (["-R"], ["-J"], []):
        image = discs.genisoimage(tmp_path / "image", tree, *options)
        done = ask(disc_list, image, "--boot")
        assert done.stdout.lower().startswith("linux\tx64\t--- quiet\tinstall.amd/vmlinuz\tinstall.amd/initrd.gz"), done


def test_the_installer_of_debian(disc_list, tmp_path):
    installed = pathlib.Path("/usr/lib/debian-installer/images/12/amd64/text")
    if not installed.exists():
        pytest.skip("debian-installer-12-netboot-amd64 is not installed")
    tree = shutil.copytree(installed, tmp_path / "tree")  # its links become files
    image = discs.genisoimage(tmp_path / "image", tree, "-R")
    done = ask(disc_list, image, "--boot")
    assert done.returncode == 0, done.stderr
    kind, arch, _, kernel, initrd = done.stdout.strip().split("\t")
    assert (kind, arch) == ("linux", "x64") and kernel.endswith("linux") and initrd.endswith("initrd.gz")


# --- refusals ---------------------------------------------------------------------------------

def test_not_a_disc(disc_list, tmp_path):
    for content in (b"", b"MSWIM\0\0\0" * 10_000, bytes(1 << 20)):
        (tmp_path / "image").write_bytes(content)
        assert refusal(disc_list, tmp_path / "image").startswith("not a disc image")
    assert "not a regular file" in refusal(disc_list, tmp_path)


@pytest.mark.parametrize("options, words", [
    (["--media-type=cdr", "--udfrev=1.50"], "virtual partition"),
    (["--media-type=cdrw", "--udfrev=2.01"], "sparable partition"),
    (["--media-type=hd", "--udfrev=2.01", "--blocksize=2048", "--strategy=4096"], "strategy 4096"),
])
def test_kinds_of_udf_that_are_not_read(disc_list, tmp_path, options, words):
    image = tmp_path / "image"
    with open(image, "wb") as file:
        file.truncate(20 << 20)
    try:
        discs.run("mkudffs", *options, image)
    except subprocess.CalledProcessError:
        pytest.skip("this mkudffs does not make it")
    assert re.search(words, refusal(disc_list, image))


def test_a_metadata_partition(disc_list, tmp_path):
    udf = Udf(discs.mkudffs(tmp_path / "image"))
    at = udf.descriptors[discs.LOGICAL]
    assert get(udf.data, at + 440, "H") == 0x0601
    put(udf.data, at + 264, "II", 64, 1)
    udf.data[at + 440:at + 504] = struct.pack("<BBHB23s8sHH24x", 2, 64, 0, 0, b"*UDF Metadata Partition", b"", 1, 0)
    put(udf.data, at + 10, "H", 496)
    mend(udf.data, at)
    assert refusal(disc_list, udf.save()).startswith("UDF 2.50 or later, with a metadata partition,")


def test_udf_is_never_made_up_for_by_iso_9660(disc_list, tree, tmp_path):
    image = discs.genisoimage(tmp_path / "image", tree, "-R", "-udf")
    original = image.read_bytes()
    udf = Udf(image)
    udf.data[udf.set + 100] ^= 1  # under its sum
    assert refusal(disc_list, udf.save()) == "damaged: no file set in the UDF"
    udf = bytearray(original)
    udf[256 * SECTOR] ^= 1
    for at in range(300 * SECTOR, len(udf), SECTOR):
        if get(udf, at, "H") == discs.ANCHOR:
            udf[at] ^= 1
    image.write_bytes(udf)
    assert refusal(disc_list, image) == "damaged: no anchor of the UDF volume"


def test_the_second_copy_of_the_volume_descriptors(disc_list, tmp_path):
    wanted = discs.udf_by_hand(tmp_path / "image")
    udf = Udf(tmp_path / "image")
    for at in range(udf.sequence, udf.sequence + 16 * SECTOR, SECTOR):
        udf.data[at + 20] ^= 0xff
    assert read(disc_list, udf.save())[2] == wanted


def hostile_udf(change):
    def make(image):
        discs.udf_by_hand(image)
        udf = Udf(image)
        change(udf)
        udf.save()
    return make


def no_end(udf):
    udf.write(1500, discs.tagged(discs.MORE, struct.pack("<II", 0, 16) + udf.long(SECTOR, 1500, kind=3), 1500))


def iso_records(data, wanted):
    """Offsets of the directory records with this name."""
    at = -1
    while (at := data.find(wanted, at + 1)) >= 33:
        if data[at - 1] == len(wanted) and data[at - 33] >= 33 + len(wanted):
            yield at - 33


def hostile_iso(change, options=("-R",)):
    def make(image):
        tree = image.parent / "hostile"
        (tree / "directory").mkdir(parents=True)
        (tree / "directory/file").write_bytes(b"content")
        (tree / "file").write_bytes(b"content" * 1000)
        discs.genisoimage(image, tree, *options)
        data = bytearray(image.read_bytes())
        change(data)
        image.write_bytes(data)
    return make


def circle(data):
    (record,) = iso_records(data, b"DIRECTOR")
    root = 16 * SECTOR + 156
    data[record + 2:record + 18] = data[root + 2:root + 18]


def long_file(data):
    for record in iso_records(data, b"FILE.;1"):
        put(data, record + 10, "I", 0xffffffff)


def flagged(bit, at=25):
    def change(data):
        for record in iso_records(data, b"FILE.;1"):
            data[record + at] |= bit
    return change


def climbing(data):
    at = data.find(b"NM\x09\x01\x00file")
    assert at > 0
    data[at:at + 9] = b"NM\x09\x01\x00../x"


def field(old, new):
    def change(data):
        assert data.find(old) > 0
        data[:] = data.replace(old, new)
    return change


def fields_without_end(data):
    """The root's continuation continues in itself."""
    at = data.find(b"CE\x1c\x01")
    block = get(data, at + 4, "I")
    data[block * SECTOR:block * SECTOR + 28] = data[at:at + 28]
    put(data, block * SECTOR + 12, "I", 0)
    put(data, block * SECTOR + 20, "I", 28)
    put(data, at + 12, "I", 0)
    put(data, at + 20, "I", 28)


HOSTILE = {
    "udf-circle": (hostile_udf(lambda u: u.add_to_root(u.name("again", u.root_block, 2))), "in a circle"),
    "udf-climbs": (hostile_udf(lambda u: u.add_to_root(u.name("..", 1000))), "file name that no file can have"),
    "udf-slash": (hostile_udf(lambda u: u.add_to_root(u.name("a/b", 1000))), "file name that no file can have"),
    "udf-no-name": (hostile_udf(lambda u: u.add_to_root(u.name("", 1000))), "file name that no file can have"),
    "udf-nowhere": (hostile_udf(lambda u: u.add_to_root(u.name("far", 0xffffffff))), "cut short"),
    "udf-no-entry": (hostile_udf(lambda u: u.add_to_root(u.name("none", 1777))), "file entry is none"),
    "udf-no-end": (hostile_udf(no_end), "without end"),
    "udf-hole": (hostile_udf(lambda u: u.entry(1001, 5, u.long(SECTOR, 1100, kind=1), SECTOR, 1)), "holes"),
    "udf-larger-than-its-pieces": (hostile_udf(lambda u: u.entry(1001, 5, u.long(8, 1100), 1 << 60, 1)), "larger than"),
    "udf-directory-of-a-terabyte": (hostile_udf(lambda u: u.entry(1003, 4, b"", 1 << 40, 1)), "a directory of"),
    "udf-directory-cut": (hostile_udf(lambda u: u.entry(1003, 4, u.long(60, 1600), 60, 1)), "file name is none"),
    "iso-circle": (hostile_iso(circle), "in a circle"),
    "iso-beyond": (hostile_iso(long_file), "cut short"),
    "iso-pieces-without-last": (hostile_iso(flagged(0x80)), "without its last one"),
    "iso-interleaved": (hostile_iso(flagged(1, at=27)), "interleaved"),
    "iso-climbs": (hostile_iso(climbing), "file name that no file can have"),
    "iso-compressed": (hostile_iso(field(b"TF\x1a\x01", b"ZF\x1a\x01")), "zisofs"),
    "iso-fields-without-end": (hostile_iso(fields_without_end), "without end"),
    "iso-record-too-long": (hostile_iso(field(b"NM\x09\x01", b"NM\xf9\x01")), "leaves its record"),
    "joliet-climbs": (hostile_iso(field("file".encode("utf-16-be"), "../x".encode("utf-16-be")), ("-J",)),
                      "file name that no file can have"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_images_are_refused_for_what_they_are(disc_list, name, tmp_path):
    make, words = HOSTILE[name]
    make(tmp_path / "image")
    assert words in refusal(disc_list, tmp_path / "image")


def damage(data, noise, tags):
    """Some random changes where the structures are, now and then with the sums made right."""
    end = len(data)
    how = noise.randrange(4)
    if how == 0:
        return data[:noise.randrange(end)]
    structures = [at for at in range(16 * SECTOR, end, SECTOR) if any(data[at:at + SECTOR])]
    for _ in range(noise.choice([1, 1, 2, 8, 64])):
        sector = noise.choice(structures)
        at = sector + noise.randrange(SECTOR - 4)
        if how == 1:
            data[at] ^= 1 << noise.randrange(8)
        elif how == 2:
            put(data, at & ~3, "I", noise.choice([0, 1, 0x7fffffff, 0xffffffff, 0x3fffffff, noise.randrange(1 << 32)]))
        else:
            other = noise.choice(structures)
            data[sector:sector + SECTOR] = data[other:other + SECTOR]
        if tags and noise.random() < 0.9:
            mend(data, sector)
    return data


@pytest.fixture(scope="session")
def small_images(tmp_path_factory):
    where = tmp_path_factory.mktemp("small")
    tree = where / "tree"
    for path in ("sources/boot.wim", "a/b/c/d/e/f/g/h/" + LONG, "file"):
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(b"content")
    discs.udf_by_hand(where / "udf")
    return {
        "rock ridge": discs.genisoimage(where / "rr", tree, "-R", "-no-pad").read_bytes(),
        "joliet": discs.genisoimage(where / "j", tree / "sources", "-J", "-no-pad").read_bytes(),
        "bridge": discs.genisoimage(where / "bridge", tree, "-R", "-udf", "-no-pad").read_bytes(),
        "udf": (where / "udf").read_bytes()[:4 << 20],
    }


@pytest.mark.parametrize("kind", ["rock ridge", "joliet", "bridge", "udf"])
def test_damaged_images_end_with_one_reason(disc_list, small_images, kind, tmp_path):
    """125 of each kind, from a printed seed: 500 in all."""
    image = tmp_path / "image"
    reasons = {}
    for seed in range(125):
        noise = random.Random(f"{kind} {seed}")
        image.write_bytes(damage(bytearray(small_images[kind]), noise, kind in ("bridge", "udf")))
        done = ask(disc_list, image)
        assert done.returncode in (0, 1), (seed, done)
        assert done.stderr.count("\n") == done.returncode and len(done.stderr) < 300, (seed, done)
        reasons[done.stderr] = reasons.get(done.stderr, 0) + 1
    assert len(reasons) > 3, reasons  # not all of them fell over the same thing
