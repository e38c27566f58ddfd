"""The app's pages: the tasks of one's own grids, and what an app owner has to say to people."""

from pathlib import Path

from authlib.integrations.base_client import OAuthError
from common.places import DISTRICT, place
from common.settings import Registration, Settings
from common.starlette_pages import PagesApp
from joserfc.errors import JoseError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from grid_service.demo import TASKS
from grid_service.sign_in import Session, SignedOut, SignIn, Unreachable
from grid_service.tasks import NotYours, Tasks
from grid_service.texts import TEXTS


class Refused(Exception):
    """The person is known and may not enter: ``notice`` says why."""

    def __init__(self, notice: str, session: Session) -> None:
        super().__init__(notice)
        self.notice = notice
        self.session = session


class App(PagesApp):
    """Holds what the handlers share."""

    folder = Path(__file__).parent
    texts = TEXTS

    def __init__(self, settings: Settings, registered: Registration) -> None:
        super().__init__(settings)
        self.sign_in = SignIn(settings, registered)
        self.tasks = Tasks(TASKS)

    async def entered(self, request: Request) -> Session:
        """The one door of every handler: signed in, sure enough, and with a role here now."""
        session = await self.sign_in.current(request)
        if not session.person.reaches(self.settings.required_acr):
            raise Refused("weak", session)
        if not session.person.roles:
            raise Refused("refused", session)
        return session

    async def home(self, request: Request) -> Response:
        who = (await self.entered(request)).person
        tasks = self.tasks.seen_by(who)
        chosen = self.language(request)
        places = [(role, place(org, chosen)) for role, org in sorted(who.posts)]
        return self.page(
            request,
            "home.html",
            person=who,
            tasks=tasks,
            places=places,
            may=lambda task, role: self.tasks.may(who, task, role),
            place_of=lambda task: place(task.org, chosen),
            district=place(DISTRICT, chosen),
        )

    async def change(self, request: Request) -> Response:
        self.same_origin(request)
        who = (await self.entered(request)).person
        verb = self.tasks.complete if request.path_params["verb"] == "done" else self.tasks.reopen
        try:
            verb(request.path_params["task"], who)
        except NotYours:
            return self.notice(request, "not_yours", "/", "back", status=403, person=who)
        return RedirectResponse("/", 303)

    async def whoami(self, request: Request) -> Response:
        return JSONResponse((await self.entered(request)).person.facts())

    async def login(self, request: Request) -> Response:
        # Only the level this app asks for: a link must not choose how people sign in.
        acr = self.settings.required_acr if "more" in request.query_params else None
        return await self.sign_in.begin(request, acr)

    async def callback(self, request: Request) -> Response:
        try:
            await self.sign_in.finish(request)
        except (OAuthError, JoseError):
            return self.notice(request, "failed", "/login", "again", status=400)
        return RedirectResponse("/", 303)

    async def logout(self, request: Request) -> Response:
        self.same_origin(request)
        return RedirectResponse(await self.sign_in.end(request), 303)

    async def backchannel(self, request: Request) -> Response:
        form = await request.form()
        known = await self.sign_in.end_named(str(form.get("logout_token", "")))
        answer = {} if known else {"error": "invalid_request"}
        headers = {"Cache-Control": "no-store"}
        return JSONResponse(answer, 200 if known else 400, headers=headers)

    def same_origin(self, request: Request) -> None:
        """A form of another site changes nothing here: browsers always say where a POST is from."""
        if request.headers.get("origin") != self.settings.app_url:
            raise SignedOut

    async def on_signed_out(self, request: Request, _error: Exception) -> Response:
        if request.method == "GET" and request.url.path == "/":
            return RedirectResponse("/login", 303)
        return JSONResponse({"error": "login_required"}, 401)

    async def on_refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        if request.url.path == "/whoami":
            return JSONResponse({"error": error.notice}, 403)
        action, label = ("/login?more", "weak_go") if error.notice == "weak" else ("/", "reload")
        person = error.session.person
        return self.notice(request, error.notice, action, label, status=403, person=person)

    async def on_unreachable(self, request: Request, _error: Exception) -> Response:
        if request.url.path == "/whoami":
            return JSONResponse({"error": "temporarily_unavailable"}, 503)
        return self.notice(request, "away", "/", "reload", status=503)


def build(settings: Settings, registered: Registration) -> Starlette:
    app = App(settings, registered)
    return Starlette(
        routes=[
            Route("/", app.home),
            Route("/tasks/{task}/{verb:str}", app.change, methods=["POST"]),
            Route("/whoami", app.whoami),
            Route("/login", app.login),
            Route("/callback", app.callback),
            Route("/logout", app.logout, methods=["POST"]),
            Route("/signed-out", app.signed_out),
            Route("/backchannel-logout", app.backchannel, methods=["POST"]),
            Route("/healthz", app.healthy),
        ],
        middleware=[
            Middleware(
                SessionMiddleware,
                secret_key=settings.session_secret,
                session_cookie=settings.cookie,
                https_only=True,
                max_age=None,
            )
        ],
        exception_handlers={
            SignedOut: app.on_signed_out,
            Refused: app.on_refused,
            Unreachable: app.on_unreachable,
        },
    )
