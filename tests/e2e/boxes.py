"""Films and still pictures of boxes (ISO/IEC 14496-12), as small as they can be."""
import struct


def box(kind, *parts):
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def full(kind, *parts, version=0):
    return box(kind, struct.pack(">I", version << 24), *parts)


def film(brand=b"isom", user=b"", track_user=b"", sample=b"mp4a", sample_more=b"", large=False, handler=b"soun"):
    """A film of one track, its bytes behind its head."""
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    entry = box(sample, b"\0" * 8, sample_more)
    table = box(b"stbl", full(b"stsd", struct.pack(">I", 1), entry), full(b"stts", b"\0" * 4),
                full(b"stsc", b"\0" * 4), full(b"stsz", b"\0" * 8), full(b"stco", b"\0" * 4))
    media = box(b"mdia", full(b"mdhd", struct.pack(">IIIIHH", 3_800_000_000, 3_800_000_001, 1000, 0, 0x55c4, 0)),
                full(b"hdlr", b"\0" * 4, handler, b"\0" * 12, b"\0"), box(b"minf", table))
    track = box(b"trak", full(b"tkhd", struct.pack(">IIIII", 3_800_000_000, 3_800_000_001, 1, 0, 0), b"\0" * 16,
                              matrix, struct.pack(">II", 320 << 16, 240 << 16)), media, track_user)
    head = full(b"mvhd", struct.pack(">IIIII", 3_800_000_000, 3_800_000_001, 1000, 0, 0x10000), b"\0" * 12,
                matrix, b"\0" * 24, struct.pack(">I", 2))
    sound = b"sound" * 20
    body = struct.pack(">I", 1) + b"mdat" + struct.pack(">Q", 16 + len(sound)) + sound if large else box(b"mdat", sound)
    return box(b"ftyp", brand, b"\0\0\2\0", brand) + box(b"moov", head, track, user) + body


def still(brand=b"avif", items=(b"av01",), width=40, height=30):
    entries = b"".join(full(b"infe", struct.pack(">HH", i + 1, 0), kind, b"\0", version=2)
                       for i, kind in enumerate(items))
    size = full(b"ispe", struct.pack(">II", width, height))
    meta = full(b"meta", full(b"hdlr", b"\0" * 4, b"pict", b"\0" * 13), full(b"iinf", struct.pack(">H", len(items)), entries),
                box(b"iprp", box(b"ipco", size), full(b"ipma", b"\0" * 4)))
    return box(b"ftyp", brand, b"\0" * 4, b"mif1", brand) + meta + box(b"mdat", b"picture")
