"""Flower with the desk in it: one application, one navigation, one door."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from celery import Celery
from flower.app import Flower
from flower.options import options
from flower.urls import settings as flower_settings
from tornado.web import RequestHandler, StaticFileHandler

from worker.desk.guard import guarded
from worker.desk.routes import HANDLERS
from worker.desk.sessions import Logins, cookie_secret
from worker.desk.task_words import WordedEvents
from worker.desk.templates import Templates
from worker.desk.users import Users
from worker.services.tools import Tools
from worker.settings import Settings

STATIC: Final = Path(__file__).parent / "static"
# What is shown is read by few people at a time; more threads than this would only wait for one another.
THREADS: Final = 8
MOST_TASKS: Final = 10_000
SAVE_EVERY_MILLISECONDS: Final = 60_000


class Desk(Flower):  # type: ignore[misc]
    """Flower's application with our pages, its own and ours behind one guard."""

    def __init__(self, settings: Settings, tools: Tools, celery: Celery) -> None:
        folder = settings.desk_path
        self.tools = tools
        self.logins = Logins(Users(settings.desk_users))
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="desk")
        secure = settings.tls_certificate is not None or settings.flower_proxy
        events = WordedEvents(
            celery, db=str(folder / "flower"), persistent=True, state_save_interval=SAVE_EVERY_MILLISECONDS,
            max_tasks_in_memory=MOST_TASKS,
        )  # fmt: skip
        super().__init__(
            options=_options(settings),
            capp=celery,
            events=events,
            **{
                **flower_settings,
                "cookie_secret": cookie_secret(folder),
                "template_loader": Templates(),
                "xsrf_cookie_kwargs": {"samesite": "Lax", "secure": secure},
                "ssl_options": _tls(settings),
            },
        )
        static = (r"/desk/static/(.*)", StaticFileHandler, {"path": str(STATIC)})
        self.add_handlers(r".*", [static, *HANDLERS])

    def get_handler_delegate(
        self, request: Any, target_class: type[RequestHandler], *arguments: Any, **options_: Any
    ) -> Any:
        """Put whatever handler answers behind the door."""
        return super().get_handler_delegate(request, guarded(target_class), *arguments, **options_)

    def stop(self) -> None:
        """Stop answering, and keep what Flower knows of tasks."""
        super().stop()
        self.threads.shutdown(wait=False, cancel_futures=True)


def _options(settings: Settings) -> Any:
    options.address, options.port = settings.flower_address, settings.flower_port
    options.persistent, options.max_tasks = True, MOST_TASKS
    options.xheaders = settings.flower_proxy
    options.tasks_columns = "name,args,state,result,received,runtime,worker,uuid"
    return options


def _tls(settings: Settings) -> dict[str, str] | None:
    if settings.tls_certificate is None:
        return None
    return {"certfile": str(settings.tls_certificate), "keyfile": str(settings.tls_key)}
