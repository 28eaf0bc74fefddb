"""Wayfare's two measured operations as Flask, gunicorn and SQLAlchemy over psycopg would have them.

The same features as the service and no more: metrics, sampled traces, a rate limit in Redis, security headers, the list
cached in Redis, token and session checks.
"""

import time
import uuid
from os import environ

import orjson
from flask import Flask, Response, g, request
from opentelemetry.context import attach, detach
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind, set_span_in_context
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess
from redis import Redis
from sqlalchemy import create_engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Unit
from sqlalchemy.orm import sessionmaker

import shop
from shop import Order, Product, Refused, Session

# gunicorn imports this in each worker, after the fork: nothing below is shared between processes.
engine = create_engine(environ["DATABASE_URL"], pool_size=4, max_overflow=0)
database = sessionmaker(engine, expire_on_commit=False)
redis = Redis.from_url(environ["REDIS_URL"])
tracer = shop.start_tracing()
app = Flask(__name__)


@app.before_request
def begin():
    g.started = time.perf_counter()
    shop.ACTIVE.inc()
    g.span = tracer.start_span(
        request.method, extract(request.headers), SpanKind.SERVER, attributes={"url.path": request.path}
    )
    g.context = attach(set_span_in_context(g.span))
    if not allowed(request.remote_addr):
        return Response(status=429, headers={"retry-after": "60"})


@app.after_request
def end(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "unknown"
    g.span.set_attribute("http.route", route)
    g.span.set_attribute("http.response.status_code", response.status_code)
    g.span.end()
    detach(g.context)
    shop.ACTIVE.dec()
    shop.REQUESTS.labels(request.method, route, response.status_code).observe(time.perf_counter() - g.started)
    response.headers.extend(shop.SECURITY_HEADERS)
    return response


def allowed(client: str) -> bool:
    key = f"limit:{client}:{int(time.time()) // 60}"
    with redis.pipeline(transaction=False) as pipeline:
        used, _ = pipeline.incr(key).expire(key, 60, nx=True).execute()
    return used <= shop.RATE_LIMIT


@app.errorhandler(Refused)
def refused(error: Refused) -> Response:
    return Response(error.body, error.status, content_type="application/problem+json")


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
            products = session.scalars(select(Product).order_by(Product.name, Product.id).limit(limit))
            body = orjson.dumps(shop.page(list(products)))
        redis.set(key, body, ex=shop.CACHE_SECONDS)
    return Response(body, content_type="application/json; charset=utf-8")


def customer() -> uuid.UUID:
    claims = shop.claims(request.headers.get("authorization"))
    key = f"session:{claims['sid']}"
    user = redis.get(key)
    if user is None:
        with database() as session:
            found = session.get(Session, uuid.UUID(claims["sid"]))
        if found is None or found.revoked_at is not None:
            raise Refused(401, "unauthorized", "sign in")
        user = str(found.user_id).encode()
        redis.set(key, user, ex=shop.CACHE_SECONDS)
    return uuid.UUID(user.decode())


@app.post("/api/orders")
def place() -> Response:
    user, key, new = customer(), request.headers["idempotency-key"], checked(request.get_data())
    with database() as session:
        try:
            with session.begin():
                order = write(session, user, key, new)
        except IntegrityError:
            order = session.scalar(select(Order).where(Order.user_id == user, Order.idempotency_key == key))
            session.refresh(order, ["lines"])
    shop.ORDERS.inc()
    headers = {"location": f"/api/orders/{order.id}"}
    return Response(orjson.dumps(shop.order_answer(order)), 201, headers, content_type="application/json; charset=utf-8")


def checked(body: bytes) -> dict:
    try:
        new = orjson.loads(body)
        quantities = {int(line["product_id"]): int(line["quantity"]) for line in new["lines"]}
        address = {"text": str(new["address"]["text"]), "lat": float(new["address"]["lat"]), "lon": float(new["address"]["lon"])}
        assert quantities and all(1 <= quantity <= 100 for quantity in quantities.values())
        return {"shop_id": int(new["shop_id"]), "quantities": quantities, "address": address, "mode": str(new["mode"]), "note": new.get("note")}
    except (ValueError, KeyError, TypeError, AssertionError):
        raise Refused(422, "invalid", "the order isn't one") from None


def write(session: Unit, user: uuid.UUID, key: str, new: dict) -> Order:
    products = session.scalars(
        select(Product)
        .where(Product.id.in_(new["quantities"]), Product.shop_id == new["shop_id"])
        .order_by(Product.id)
        .with_for_update()
    )
    order = shop.new_order(
        user, key, new["shop_id"], new["address"], new["mode"], new["note"], list(products), new["quantities"]
    )
    session.add(order)
    session.flush()
    session.add(shop.audit(order))
    return order
