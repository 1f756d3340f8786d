#!/usr/bin/env python3
"""Checks the vectors with an implementation of spec/address.md and spec/seed.md of its own. Standard library only: python3 spec/check-vectors.py"""

import base64
import datetime
import hashlib
import json
import pathlib
import struct
import sys


def leb128(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def double(number):
    if number != number:
        return bytes.fromhex("7ff8000000000000")
    return struct.pack(">d", number)


def string(text):
    try:
        utf8 = text.encode("utf-8")
    except UnicodeEncodeError:
        utf16 = text.encode("utf-16-be", "surrogatepass")
        return b"w" + leb128(len(utf16)) + utf16
    return b"s" + leb128(len(utf8)) + utf8


def code_units(text):
    return text.encode("utf-16-be", "surrogatepass")


def plain_object(pairs):
    ordered = sorted(pairs, key=lambda pair: code_units(pair[0]))
    return b"o" + leb128(len(ordered)) + b"".join(string(key) + value for key, value in ordered)


def milliseconds(iso):
    sign, body = (-1, iso[1:]) if iso[0] == "-" else (1, iso.lstrip("+"))
    date, time = body.rstrip("Z").split("T")
    year, month, day = (int(part) for part in date.split("-"))
    year *= sign
    # Python's years end at 9999; the calendar repeats every 400 years of 146,097 days.
    cycles, rest = divmod(year - 2000, 400)
    days = (datetime.date(2000 + rest, month, day) - datetime.date(1970, 1, 1)).days + cycles * 146097
    hours, minutes, seconds = time.split(":")
    return days * 86_400_000 + int(hours) * 3_600_000 + int(minutes) * 60_000 + round(float(seconds) * 1000)


def from_utf16(hexadecimal):
    return bytes.fromhex(hexadecimal).decode("utf-16-be", "surrogatepass")


def binary(kind, content):
    if len(content) >= 4096:
        return b"x" + string(kind) + leb128(len(content)) + hashlib.sha256(content).digest()
    return b"b" + string(kind) + leb128(len(content)) + content


NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf"), "-0": -0.0}


def tagged(tag, value):
    if tag == "$number":
        return b"d" + double(NUMBERS[value])
    if tag == "$undefined":
        return b"u"
    if tag == "$hole":
        return b"h"
    if tag == "$bigint":
        return b"i" + leb128(len(value)) + value.encode("ascii")
    if tag == "$utf16":
        return string(from_utf16(value))
    if tag == "$date":
        return b"D" + double(float("nan") if value is None else float(milliseconds(value)))
    if tag == "$map":
        return b"m" + leb128(len(value)) + b"".join(sorted(encode(key) + encode(item) for key, item in value))
    if tag == "$set":
        return b"S" + leb128(len(value)) + b"".join(sorted(encode(item) for item in value))
    if tag == "$entries":
        keys = [key if isinstance(key, str) else from_utf16(key["$utf16"]) for key, _ in value]
        return plain_object([(key, encode(item)) for key, (_, item) in zip(keys, value)])
    if tag == "$regexp":
        return b"r" + string(value[0]) + string(value[1])
    if tag == "$url":
        return b"U" + string(value)
    if tag == "$binary":
        return binary(value["type"], base64.b64decode(value["base64"]))
    if tag == "$digest":
        return b"x" + string(value["type"]) + leb128(value["bytes"]) + bytes.fromhex(value["sha256"])
    if tag == "$class":
        return b"c" + string(value[0]) + encode(value[1])
    raise ValueError(f"unknown tag {tag}")


def encode(value):
    if value is None:
        return b"n"
    if value is True:
        return b"t"
    if value is False:
        return b"f"
    if isinstance(value, (int, float)):
        return b"d" + double(float(value))
    if isinstance(value, str):
        return string(value)
    if isinstance(value, list):
        return b"a" + leb128(len(value)) + b"".join(encode(item) for item in value)
    if len(value) == 1:
        (key, inner), = value.items()
        if key.startswith("$") and not key.startswith("$$"):
            return tagged(key, inner)
    return plain_object([(key[1:] if key.startswith("$$") else key, encode(item)) for key, item in value.items()])


def address(recipe):
    hashed = [("name", string(recipe["name"])), ("params", encode(recipe["params"])), ("scheme", string("persistable/1"))]
    if recipe.get("dependencies"):
        hashed.append(("dependencies", plain_object([(role, string(item)) for role, item in recipe["dependencies"].items()])))
    if recipe.get("draw"):
        hashed.append(("draw", encode(recipe["draw"])))
    if "version" in recipe:
        hashed.append(("version", encode(recipe["version"])))
    return hashlib.sha256(plain_object(hashed)).hexdigest()


def seed_digest(recipe):
    return hashlib.sha256(
        plain_object(
            [
                ("dependencies", plain_object([(role, string(item)) for role, item in recipe["dependencies"].items()])),
                ("draw", encode(recipe["draw"])),
                ("params", encode(recipe["params"])),
            ]
        )
    )


def main():
    checked = 0
    folder = pathlib.Path(__file__).parent / "vectors"
    for vector in json.loads((folder / "values.json").read_text("utf-8"))["vectors"]:
        content = encode(vector["value"])
        found = content.hex() if "bytes" in vector else hashlib.sha256(content).hexdigest()
        expected = vector.get("bytes", vector.get("sha256"))
        if found != expected:
            sys.exit(f"{vector['id']}: {found} instead of {expected}")
        checked += 1
    for vector in json.loads((folder / "recipes.json").read_text("utf-8"))["vectors"]:
        found = address(vector["recipe"])
        if found != vector["address"]:
            sys.exit(f"{vector['id']}: {found} instead of {vector['address']}")
        checked += 1
    for vector in json.loads((folder / "seeds.json").read_text("utf-8"))["vectors"]:
        found = seed_digest(vector["recipe"])
        seed = int.from_bytes(found.digest()[:4], "big")
        if (found.hexdigest(), seed) != (vector["digest"], vector["seed"]):
            sys.exit(f"{vector['id']}: {found.hexdigest()}, {seed} instead of {vector['digest']}, {vector['seed']}")
        checked += 1
    print(f"{checked} vectors agree")


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    main()
