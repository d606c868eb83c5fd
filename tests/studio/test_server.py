"""The address Greenroom listens at."""

import socket
from pathlib import Path

import pytest

from errors import BootRefused
from settings import Settings
from studio.server import bind
from tests.services import free_port


def settings(folder: Path) -> Settings:
    return Settings.read({"GREENROOM_DATA": str(folder), "GRADIO_SERVER_PORT": str(free_port())})


def test_bind_sends_the_parts_of_an_answer_without_waiting_for_each_other(tmp_path: Path) -> None:
    """What is accepted there has Nagle's algorithm off."""
    given = settings(tmp_path)
    with bind(given) as listening, socket.create_connection((given.host, given.port)):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_bind_names_the_setting_where_the_port_is_taken(tmp_path: Path) -> None:
    given = settings(tmp_path)
    with bind(given), pytest.raises(BootRefused, match="GRADIO_SERVER_PORT"):
        bind(given)
