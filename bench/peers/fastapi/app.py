"""Wayfare's two measured operations as FastAPI, uvicorn and SQLAlchemy over asyncpg would have them.

The same features as the service and no more: metrics, sampled traces, a rate limit in Redis, security headers, the list
cached in Redis, token and session checks. Middleware is plain ASGI, since BaseHTTPMiddleware costs a task a request.
"""

import time
import uuid
from contextlib import asynccontextmanager
from os import environ
from typing import Annotated

import orjson
from fastapi import Depends, FastAPI, Header, Request, Response
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field
from redis.asyncio import Redis
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

import shop
from shop import Order, Product, Refused, Session

engine = create_async_engine(environ["DATABASE_URL"], pool_size=10, max_overflow=0)
database = async_sessionmaker(engine, expire_on_commit=False)
redis = Redis.from_url(environ["REDIS_URL"])
tracer = shop.start_tracing()
HEADERS = [(name.encode(), value.encode()) for name, value in shop.SECURITY_HEADERS.items()]


class Platform:
    """Around every request: rate limit, span, metrics, security headers."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = time.perf_counter()
        status = 500

        async def send_with_headers(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].extend(HEADERS)
            await send(message)

        carrier = {key.decode(): value.decode() for key, value in scope["headers"] if key == b"traceparent"}
        shop.ACTIVE.inc()
        with tracer.start_as_current_span(
            scope["method"], context=extract(carrier), kind=SpanKind.SERVER, attributes={"url.path": scope["path"]}
        ) as span:
            try:
                if await allowed(scope["client"][0]):
                    await self.app(scope, receive, send_with_headers)
                else:
                    await too_many(scope, receive, send_with_headers)
            finally:
                route = getattr(scope.get("route"), "path", "unknown")
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", status)
                shop.ACTIVE.dec()
                shop.REQUESTS.labels(scope["method"], route, status).observe(time.perf_counter() - started)


async def allowed(client: str) -> bool:
    key = f"limit:{client}:{int(time.time()) // 60}"
    async with redis.pipeline(transaction=False) as pipeline:
        used, _ = await pipeline.incr(key).expire(key, 60, nx=True).execute()
    return used <= shop.RATE_LIMIT


too_many = Response(status_code=429, headers={"retry-after": "60"})


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
            products = await session.scalars(select(Product).order_by(Product.name, Product.id).limit(limit))
            body = orjson.dumps(shop.page(list(products)))
        await redis.set(key, body, ex=shop.CACHE_SECONDS)
    return Response(body, media_type="application/json; charset=utf-8")


async def customer(authorization: Annotated[str | None, Header()] = None) -> uuid.UUID:
    claims = shop.claims(authorization)
    key = f"session:{claims['sid']}"
    user = await redis.get(key)
    if user is None:
        async with database() as session:
            found = await session.get(Session, uuid.UUID(claims["sid"]))
        if found is None or found.revoked_at is not None:
            raise Refused(401, "unauthorized", "sign in")
        user = str(found.user_id).encode()
        await redis.set(key, user, ex=shop.CACHE_SECONDS)
    return uuid.UUID(user.decode())


class NewLine(BaseModel):
    product_id: int
    quantity: int = Field(ge=1, le=100)


class Address(BaseModel):
    text: str
    lat: float
    lon: float


class NewOrder(BaseModel):
    shop_id: int
    lines: list[NewLine] = Field(min_length=1, max_length=100)
    address: Address
    mode: str
    note: str | None = None


@app.post("/api/orders", status_code=201)
async def place(
    new: NewOrder,
    user: Annotated[uuid.UUID, Depends(customer)],
    idempotency_key: Annotated[str, Header(max_length=64)],
) -> Response:
    quantities = {line.product_id: line.quantity for line in new.lines}
    async with database() as session:
        try:
            async with session.begin():
                order = await write(session, user, idempotency_key, new, quantities)
        except IntegrityError:
            order = await earlier(session, user, idempotency_key)
    shop.ORDERS.inc()
    headers = {"location": f"/api/orders/{order.id}"}
    return Response(orjson.dumps(shop.order_answer(order)), 201, headers, "application/json; charset=utf-8")


async def write(session: AsyncSession, user: uuid.UUID, key: str, new: NewOrder, quantities: dict[int, int]) -> Order:
    products = await session.scalars(
        select(Product)
        .where(Product.id.in_(quantities), Product.shop_id == new.shop_id)
        .order_by(Product.id)
        .with_for_update()
    )
    order = shop.new_order(user, key, new.shop_id, new.address.model_dump(), new.mode, new.note, list(products), quantities)
    session.add(order)
    await session.flush()
    session.add(shop.audit(order))
    return order


async def earlier(session: AsyncSession, user: uuid.UUID, key: str) -> Order:
    order = await session.scalar(select(Order).where(Order.user_id == user, Order.idempotency_key == key))
    await session.refresh(order, ["lines"])
    return order
