"""What a file says about where, when and by whom it was made is not kept: exiftool finds nothing of it."""
import json
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from boxes import box, film, full, still
from client import meet, new_name, part
from files import chunk, key_of, png, upload

PICTURES = Path(__file__).parent / "pictures"
SECRETS = ("-GPSLatitude=37.5", "-GPSLatitudeRef=N", "-GPSLongitude=127", "-GPSLongitudeRef=E",
           "-Artist=swordfish", "-Model=swordfish", "-DateTimeOriginal=2024:01:01 00:00:00",
           "-XMP:Creator=swordfish", "-XMP:GPSLatitude=37.5", "-Comment=swordfish", "-Orientation#=6")
HARMLESS = {"SourceFile", "File", "ExifTool", "JFIF", "ICC_Profile", "PNG", "GIF", "RIFF", "QuickTime", "Composite"}

needs_exiftool = pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not installed")


def with_secrets(tmp_path, body, suffix, tags=SECRETS):
    path = tmp_path / f"secret.{suffix}"
    path.write_bytes(body)
    done = subprocess.run(["exiftool", "-q", "-m", "-overwrite_original", *tags, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert b"swordfish" in path.read_bytes()
    return path.read_bytes()


def tags_of(tmp_path, body):
    path = tmp_path / "kept"
    path.write_bytes(body)
    return json.loads(subprocess.run(["exiftool", "-json", "-G", "-a", "-u", str(path)], capture_output=True,
                                     check=True).stdout)[0]


async def kept_of(daemon, body, name):
    """Uploads and reads it again: (what was answered, bytes)."""
    [mina] = await meet(daemon, new_name())
    status, answer = upload(daemon, mina, body, name)
    await part(mina)
    if status != 201:
        return answer, None
    status, _, kept = daemon.http("GET", f"/files/{answer['file']['id']}/x", headers=key_of(mina))
    assert status == 200 and len(kept) == answer["file"]["size"]
    return answer["file"], kept


def check_clean(tmp_path, kept):
    assert b"swordfish" not in kept and b"GPS" not in kept
    tags = tags_of(tmp_path, kept)
    private = {name: value for name, value in tags.items() if name.split(":")[0] not in HARMLESS}
    assert set(private) <= {"EXIF:Orientation", "EXIF:ExifByteOrder", "File:ExifByteOrder"}, private
    assert not any("Date" in name or "GPS" in name for name in tags if not name.startswith(("File:", "ExifTool:", "ICC_Profile:"))), tags
    assert "ExifTool:Warning" not in tags and "ExifTool:Error" not in tags, tags
    return tags


@needs_exiftool
@pytest.mark.parametrize("name", ["small.jpg", "progressive.jpg", "small.png", "small.webp"])
async def test_of_a_picture_only_its_looks_and_how_it_is_turned_are_kept(daemon, tmp_path, name):
    body = with_secrets(tmp_path, (PICTURES / name).read_bytes(), name.split(".")[1])
    file, kept = await kept_of(daemon, body, name)
    assert file["type"].startswith("image/")
    assert (file["width"], file["height"]) == (16, 24)  # turned by a quarter
    tags = check_clean(tmp_path, kept)
    assert tags["EXIF:Orientation"] == "Rotate 90 CW"


@needs_exiftool
async def test_of_a_gif_the_comments_go(daemon, tmp_path):
    body = with_secrets(tmp_path, (PICTURES / "small.gif").read_bytes(), "gif", ("-Comment=swordfish", "-XMP:Creator=swordfish"))
    file, kept = await kept_of(daemon, body, "small.gif")
    assert (file["type"], file["width"], file["height"]) == ("image/gif", 24, 16)
    tags = check_clean(tmp_path, kept)
    assert tags["GIF:FrameCount"] == 2


@pytest.mark.parametrize("name", ["small.jpg", "progressive.jpg", "small.png", "small.webp", "small.gif"])
async def test_the_picture_itself_is_kept_to_the_byte(daemon, name):
    body = (PICTURES / name).read_bytes()
    file, kept = await kept_of(daemon, body + b"behind its end: swordfish", name)
    assert b"swordfish" not in kept
    again, same = await kept_of(daemon, kept, name)
    assert same == kept and again["size"] == file["size"]
    if name.endswith(".jpg"):
        assert kept[kept.index(b"\xff\xda"):] == body[body.index(b"\xff\xda"):]
    if name.endswith(".webp"):
        assert kept == body


async def test_colours_stay(daemon):
    profile = chunk(b"iCCP", b"name\0\0profile")
    private = chunk(b"tEXt", b"Author\0swordfish") + chunk(b"tIME", b"\7\xe8\1\1\0\0\0")
    _, kept = await kept_of(daemon, png(4, 4, profile + private), "x.png")
    assert kept == png(4, 4, profile)
    jpeg = (PICTURES / "small.jpg").read_bytes()
    icc = b"\xff\xe2" + struct.pack(">H", 20) + b"ICC_PROFILE\0\1\1pppp"
    _, kept = await kept_of(daemon, jpeg[:2] + icc + jpeg[2:], "x.jpg")
    assert icc in kept


@needs_exiftool
@pytest.mark.parametrize("brand, handler, kind", [(b"isom", b"vide", "video/mp4"), (b"isom", b"soun", "audio/mp4"),
                                                  (b"qt  ", b"vide", "video/quicktime"), (b"M4A ", b"soun", "audio/mp4")])
async def test_of_a_film_place_and_times_are_blank(daemon, tmp_path, brand, handler, kind):
    place = box(b"udta", box(b"\xa9xyz", struct.pack(">HH", 18, 0x15c7), b"+37.5+127.0/swordf"))
    keys = full(b"meta", box(b"keys", b"com.apple.quicktime.location.ISO6709"))
    body = film(brand, place + keys, box(b"udta", box(b"name", b"swordfish")), large=True, handler=handler)
    file, kept = await kept_of(daemon, body, "film.mp4")
    assert file["type"] == kind and file["size"] == len(body)
    assert kept[-100:] == body[-100:] and kept[:24] == body[:24]
    assert b"37.5" not in kept and b"location" not in kept and b"swordfish" not in kept
    tags = tags_of(tmp_path, kept)
    assert not any("GPS" in name or "Location" in name for name in tags), tags
    assert {value for name, value in tags.items() if name.startswith("QuickTime:") and "Date" in name} <= {"0000:00:00 00:00:00"}


async def test_a_film_that_says_its_place_all_along_is_refused_in_words(daemon):
    for sample, more in ((b"gpmd", b""), (b"mebx", b"....mdtacom.apple.quicktime.location.ISO6709")):
        answer, _ = await kept_of(daemon, film(sample=sample, sample_more=more), "film.mp4")
        assert (answer["error_code"], answer["field"]) == ("bad_request", "location"), answer
        assert "place" in answer["message"]


async def test_still_pictures_of_boxes(daemon):
    file, kept = await kept_of(daemon, still(), "x.avif")
    assert (file["type"], file["width"], file["height"]) == ("image/avif", 40, 30) and kept == still()
    file, _ = await kept_of(daemon, still(b"heic", (b"hvc1",)), "x.heic")
    assert file["type"] == "image/heic"
    answer, _ = await kept_of(daemon, still(b"heic", (b"hvc1", b"Exif")), "x.heic")
    assert (answer["error_code"], answer["field"]) == ("bad_request", "location"), answer
