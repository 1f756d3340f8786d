"""Reads a file of the format "table" as spec/table.md describes it, with the standard library alone, and prints its rows as JSON."""

import json
import struct
import sys

NUMBERS = {
    "int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q",
    "float32": "f", "float64": "d", "boolean": "B", "date": "d",
}  # fmt: skip


def main(path):
    with open(path, "rb") as file:
        data = file.read()
    assert data[:4] == b"PTBL" and data[4] in (1, 2) and data[5:8] == b"\0\0\0", "does not begin as a table does"
    assert data[-4:] == (b"PTBL" if data[4] == 1 else b"PTB2"), "does not end as a table does"
    (length,) = struct.unpack("<I", data[-8:-4])
    description = json.loads(data[-8 - length : -8])
    rows = rows_of(data, description["columns"], description["rows"])
    json.dump(rows, sys.stdout, ensure_ascii=False)


def rows_of(data, columns, count):
    rows = [{} for _ in range(count)]
    for column in columns:
        for row, (mark, value) in zip(rows, cells_of(data, column, count)):
            if mark != 2:
                row[column["name"]] = None if mark == 1 else value
    return rows


def cells_of(data, column, count):
    marks = at(data, column["marks"]) if "marks" in column else bytes(count)
    values = values_of(data, column["type"], column["data"], count)
    if column["type"] == "value" and column["data"]["kind"] != "structured":
        dense = iter(values)
        values = [next(dense) if mark == 0 else None for mark in marks]
    return list(zip(marks, values))


def values_of(data, type, how, count):
    kind = how["kind"]
    if kind == "numbers":
        values = numbers(data, how["at"], NUMBERS[type])
        if type == "boolean":
            return [value == 1 for value in values]
        return [int(value) if value == value and value == int(value) else value for value in values]
    if kind == "texts":
        return texts_of(data, how["texts"])
    if kind == "dictionary":
        texts = texts_of(data, how["texts"])
        return [texts[place] for place in numbers(data, how["at"], "B" if how["width"] == 1 else "H")]
    if kind == "bytes":
        return [part.hex() for part in parts(at(data, how["at"]), map(int, numbers(data, how["ends"], "d")))]
    if kind == "arrays":
        return parts(numbers(data, how["at"], NUMBERS[type[:-2]]), map(int, numbers(data, how["ends"], "d")))
    if kind == "records":
        return rows_of(data, how["columns"], how["count"])
    if kind == "lists":
        items = [None if mark == 1 else value for mark, value in cells_of(data, how["items"], how["count"])]
        return parts(items, map(int, numbers(data, how["ends"], "d")))
    raise ValueError("only JavaScript reads what is " + kind)


def texts_of(data, segments):
    texts = []
    for segment in segments:
        raw, width = at(data, segment["at"]), segment["width"]
        units = [end * width for end in numbers(data, segment["ends"], "I")]
        decode = (lambda part: part.decode("ascii")) if width == 1 else (lambda part: part.decode("utf-16-le", "surrogatepass"))
        texts += [decode(part) for part in parts(raw, units)]
    return texts


def parts(whole, ends):
    start, found = 0, []
    for end in ends:
        found.append(whole[start:end])
        start = end
    return found


def numbers(data, extent, code):
    return [value for (value,) in struct.iter_unpack("<" + code, at(data, extent))]


def at(data, extent):
    start, size = extent
    return data[start : start + size]


main(sys.argv[1])
