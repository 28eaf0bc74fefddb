"""Wayfare's two measured operations as Flask, gunicorn and SQLAlchemy over psycopg would have them.

The same features as the service and no more: metrics, sampled traces, a rate limit in Redis, security headers, the list
cached in Redis, token and session checks.
"""

import time
import uuid
from hashlib import sha256
from os import environ

import orjson
from flask import Flask, Response, g, request
from opentelemetry.context import attach, detach
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind, set_span_in_context
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess
from pydantic import ValidationError
from redis import Redis
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Unit
from sqlalchemy.orm import sessionmaker

import shop
from shop import NewOrder, Order, Placing, Product, Refused

# gunicorn imports this in each worker, after the fork: nothing below is shared between processes.
engine = create_engine(environ["DATABASE_URL"], pool_size=4, max_overflow=0)
database = sessionmaker(engine, expire_on_commit=False)
redis = Redis.from_url(environ["REDIS_URL"])
tracer = shop.start_tracing()
app = Flask(__name__)


@app.before_request
def begin() -> Response | None:
    g.started, g.request_id = time.perf_counter(), str(uuid.uuid4())
    shop.ACTIVE.inc()
    parent = extract(request.headers)
    g.span = tracer.start_span(request.method, parent, SpanKind.SERVER, attributes={"url.path": request.path})
    g.context = attach(set_span_in_context(g.span))
    g.used, g.reset = count(request.remote_addr)
    if g.used > shop.RATE_LIMIT:
        return Response(status=429, headers={"retry-after": "60"})
    return None


@app.after_request
def end(response: Response) -> Response:
    response.headers.extend(shop.SECURITY_HEADERS)
    response.headers.extend(shop.request_headers(g.request_id, g.used, g.reset))
    shop.ACTIVE.dec()
    route = request.url_rule.rule if request.url_rule else "unknown"
    took = time.perf_counter() - g.started
    ip, status = request.remote_addr, response.status_code
    shop.record(g.span, g.request_id, request.method, request.path, route, status, ip, took)
    g.span.end()
    detach(g.context)
    return response


def count(client: str) -> tuple[int, int]:
    key, reset = shop.window(client)
    with redis.pipeline(transaction=False) as pipeline:
        used, _ = pipeline.incr(key).expire(key, 60, nx=True).execute()
    return used, reset


@app.errorhandler(Refused)
def refused(error: Refused) -> Response:
    return Response(error.body, error.status, content_type="application/problem+json")


@app.errorhandler(ValidationError)
def invalid(error: ValidationError) -> Response:
    return Response(error.json(), 422, content_type="application/problem+json")


@app.get("/livez")
def livez() -> Response:
    return Response("ok")


@app.get("/metrics")
def metrics() -> Response:
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


@app.get("/api/menu-items")
def menu_items() -> Response:
    limit = request.args.get("limit", 20, type=int)
    key = f"menu-items:{limit}"
    body = redis.get(key)
    if body is None:
        with database() as session:
            body = orjson.dumps(shop.page(list(session.scalars(shop.first_page(limit)))))
        redis.set(key, body, ex=shop.LIST_SECONDS)
    return Response(body, content_type=shop.JSON)


def customer() -> tuple[uuid.UUID, str]:
    claims = shop.claims(request.headers.get("authorization"))
    key = f"session:{claims['sid']}"
    cached = redis.get(key)
    if cached is None:
        with database() as session:
            found = (session.execute(shop.owner(claims))).one_or_none()
        if found is not None:
            cached = f"{found.id}:{found.role}".encode()
            redis.set(key, cached, ex=shop.SESSION_SECONDS)
    return shop.identity(claims, cached)


@app.post("/api/orders")
def place() -> Response:
    who, body = customer(), request.get_data()
    new = NewOrder.model_validate_json(body)
    key, digest = request.headers["idempotency-key"], sha256(body).hexdigest()
    placing = Placing(*who, key, digest, request.remote_addr, g.request_id)
    started = time.perf_counter()
    with database() as session:
        try:
            with tracer.start_as_current_span("place_order", kind=SpanKind.CLIENT), session.begin():
                order, products = write(session, new, placing)
            shop.placed(order, time.perf_counter() - started)
            redis.publish(shop.NOTES, shop.notes(order, products))
        except IntegrityError:
            order = session.scalar(placing.earlier())
            if order is None or order.request_hash != digest:
                raise Refused(422, "key_reused", "this key was another order's") from None
    body = shop.answer(order).model_dump_json()
    return Response(body, 201, {"location": f"/api/orders/{order.id}"}, content_type=shop.JSON)


def write(session: Unit, new: NewOrder, placing: Placing) -> tuple[Order, list[Product]]:
    products = list(session.scalars(new.products()))
    order, audit = shop.rows(new, placing, products)
    session.add_all([order, audit])
    return order, products
