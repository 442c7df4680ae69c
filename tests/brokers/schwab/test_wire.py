from __future__ import annotations

import msgspec
import pytest

from brokers.schwab import wire

STRUCTS = [item for item in vars(wire).values() if isinstance(item, type) and issubclass(item, msgspec.Struct)]
LOOKED_AT = msgspec.inspect.StructType | msgspec.inspect.ListType | msgspec.inspect.StrType
HOLDS_NO_TEXT = (
    msgspec.inspect.NoneType | msgspec.inspect.IntType | msgspec.inspect.CustomType | msgspec.inspect.RawType
)
TEXTS = [
    pytest.param(part, id=f"{struct.__name__}.{field.name}")
    for struct in STRUCTS
    for field in msgspec.structs.fields(struct)
    for part in getattr(msgspec.inspect.type_info(field.type), "types", (msgspec.inspect.type_info(field.type),))
    if isinstance(part, msgspec.inspect.StrType)
]


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_of_an_answer_is_measured(text: msgspec.inspect.StrType) -> None:
    assert text.max_length is not None


@pytest.mark.parametrize("struct", STRUCTS)
def test_no_text_stands_where_it_is_not_looked_at(struct: type[msgspec.Struct]) -> None:
    """Structs, lists and texts are what `brokers.decoding` looks through for characters that cannot be stored."""
    for field in msgspec.structs.fields(struct):
        info = msgspec.inspect.type_info(field.type)
        for part in getattr(info, "types", (info,)):
            assert isinstance(part, LOOKED_AT | HOLDS_NO_TEXT)


@pytest.mark.parametrize("struct", STRUCTS)
def test_no_number_passes_unmeasured(struct: type[msgspec.Struct]) -> None:
    for field in msgspec.structs.fields(struct):
        info = msgspec.inspect.type_info(field.type)
        for part in getattr(info, "types", (info,)):
            assert not isinstance(part, msgspec.inspect.DecimalType | msgspec.inspect.FloatType)
            assert not isinstance(part, msgspec.inspect.IntType) or part.le is not None
