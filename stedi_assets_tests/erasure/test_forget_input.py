"""The address that `stedi forget -` reads: as it was written, whatever an editor or another program put around it."""

import io
import sys

import pytest

from stedi_assets.cli.errors import UsageError
from stedi_assets.cli.forget import address_on_input
from stedi_assets.contracts.customer_key import customer_key_of


def read(content: bytes) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="ascii"))
        return address_on_input()


@pytest.mark.parametrize(
    "content",
    [
        b"Ann@x.org",
        b"Ann@x.org\r\n",
        b"\r\n\r\nAnn@x.org",
        b"\xef\xbb\xbfAnn@x.org\n",
        b"\n\xef\xbb\xbf ann@X.org\xe2\x80\x8b\t\r\n\r\n",
        "\ufeffAnn@x.org\r\n".encode("utf-16-le"),
        "\ufeffAnn@x.org".encode("utf-16-be"),
    ],
)
def test_what_is_around_an_address_does_not_matter(content: bytes) -> None:
    assert customer_key_of(read(content)) == "ann@x.org"


@pytest.mark.parametrize("content", [b"a@x.org\nb@x.org\n", b"a@x.org\r\n\r\nb@x.org", b"a@x.org\xe2\x80\xa8b@x.org"])
def test_more_than_one_line_is_refused(content: bytes) -> None:
    with pytest.raises(UsageError, match="standard input has 2 lines; one address is expected"):
        read(content)


def test_what_is_no_text_is_refused_and_nothing_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    for content in (b"caf\xe9@x.org", b"\xff\xfea"):
        with pytest.raises(UsageError, match="is no email address"):
            read(content)
    assert read(b"\xef\xbb\xbf\r\n") == ""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UsageError, match="is no email address"):
        address_on_input()
