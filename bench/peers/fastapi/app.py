"""Wayfare's two measured operations as FastAPI, uvicorn and SQLAlchemy over asyncpg would have them.

The same features as the service and no more: metrics, sampled traces, a rate limit in Redis, security headers, the list
cached in Redis, token and session checks. Middleware is plain ASGI, since BaseHTTPMiddleware costs a task a request.
"""

import time
import uuid
from contextlib import asynccontextmanager
from hashlib import sha256
from os import environ
from typing import Annotated

import orjson
from fastapi import Depends, FastAPI, Header, Request, Response
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.asyncio import Redis
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

import shop
from shop import NewOrder, Order, OrderAnswer, Placing, Product, Refused

engine = create_async_engine(environ["DATABASE_URL"], pool_size=10, max_overflow=0)
database = async_sessionmaker(engine, expire_on_commit=False)
redis = Redis.from_url(environ["REDIS_URL"])
tracer = shop.start_tracing()
HEADERS = [(name.encode(), value.encode()) for name, value in shop.SECURITY_HEADERS.items()]
TOO_MANY = Response(status_code=429, headers={"retry-after": "60"})


class Platform:
    """Around every request: rate limit, span, metrics, log, headers."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started, status, request_id = time.perf_counter(), 500, str(uuid.uuid4())
        method, path, client = scope["method"], scope["path"], scope["client"][0]
        scope["state"] = {"request_id": request_id}
        parent = {key.decode(): value.decode() for key, value in scope["headers"] if key == b"traceparent"}
        shop.ACTIVE.inc()
        with tracer.start_as_current_span(
            method, extract(parent), SpanKind.SERVER, attributes={"url.path": path}
        ) as span:
            used, reset = await count(client)
            mine = shop.request_headers(request_id, used, reset)
            headers = HEADERS + [(name.encode(), value.encode()) for name, value in mine.items()]

            async def send_with_headers(message):
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    message["headers"].extend(headers)
                await send(message)

            try:
                app = self.app if used <= shop.RATE_LIMIT else TOO_MANY
                await app(scope, receive, send_with_headers)
            finally:
                shop.ACTIVE.dec()
                route = getattr(scope.get("route"), "path", "unknown")
                shop.record(span, request_id, method, path, route, status, client, time.perf_counter() - started)


async def count(client: str) -> tuple[int, int]:
    key, reset = shop.window(client)
    async with redis.pipeline(transaction=False) as pipeline:
        used, _ = await pipeline.incr(key).expire(key, 60, nx=True).execute()
    return used, reset


@asynccontextmanager
async def lifespan(_app):
    yield
    await engine.dispose()
    await redis.aclose()


app = FastAPI(lifespan=lifespan)
app.add_middleware(Platform)


@app.exception_handler(Refused)
async def refused(_request: Request, error: Refused) -> Response:
    return Response(error.body, error.status, media_type="application/problem+json")


@app.get("/livez")
async def livez() -> Response:
    return Response("ok")


@app.get("/metrics")
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@app.get("/api/menu-items")
async def menu_items(limit: int = 20) -> Response:
    key = f"menu-items:{limit}"
    body = await redis.get(key)
    if body is None:
        async with database() as session:
            body = orjson.dumps(shop.page(list(await session.scalars(shop.first_page(limit)))))
        await redis.set(key, body, ex=shop.LIST_SECONDS)
    return Response(body, media_type=shop.JSON)


async def customer(authorization: Annotated[str | None, Header()] = None) -> tuple[uuid.UUID, str]:
    claims = shop.claims(authorization)
    key = f"session:{claims['sid']}"
    cached = await redis.get(key)
    if cached is None:
        async with database() as session:
            found = (await session.execute(shop.owner(claims))).one_or_none()
        if found is not None:
            cached = f"{found.id}:{found.role}".encode()
            await redis.set(key, cached, ex=shop.SESSION_SECONDS)
    return shop.identity(claims, cached)


@app.post("/api/orders", status_code=201)
async def place(
    new: NewOrder,
    request: Request,
    response: Response,
    who: Annotated[tuple[uuid.UUID, str], Depends(customer)],
    idempotency_key: Annotated[str, Header(max_length=64)],
) -> OrderAnswer:
    digest = sha256(await request.body()).hexdigest()
    placing = Placing(*who, idempotency_key, digest, request.client.host, request.state.request_id)
    started = time.perf_counter()
    async with database() as session:
        try:
            with tracer.start_as_current_span("place_order", kind=SpanKind.CLIENT):
                async with session.begin():
                    order, products = await write(session, new, placing)
            shop.placed(order, time.perf_counter() - started)
            await redis.publish(shop.NOTES, shop.notes(order, products))
        except IntegrityError:
            order = await session.scalar(placing.earlier())
            if order is None or order.request_hash != digest:
                raise Refused(422, "key_reused", "this key was another order's") from None
    response.headers["location"] = f"/api/orders/{order.id}"
    return shop.answer(order)


async def write(session: AsyncSession, new: NewOrder, placing: Placing) -> tuple[Order, list[Product]]:
    products = list(await session.scalars(new.products()))
    order, audit = shop.rows(new, placing, products)
    session.add_all([order, audit])
    return order, products
