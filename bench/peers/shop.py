"""What both rivals share: the tables that `wayfare migrate` made, the metrics, the token check.

Not here: anything that touches the network, which is where an async and a sync program differ.
"""

import logging
import sys
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from os import environ
from typing import Literal

import jwt
import orjson
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import Counter, Gauge, Histogram
from pydantic import BaseModel, Field
from sqlalchemy import BigInteger, DateTime, ForeignKey, Integer, Text, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

RATE_LIMIT = int(environ.get("RATE_LIMIT", "100"))
# As long as the service keeps its own.
LIST_SECONDS = 3
SESSION_SECONDS = 30
KEYS = dict(pair.split(":", 1) for pair in environ["JWT_KEYS"].split(","))

JSON = "application/json; charset=utf-8"

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "geolocation=(self), camera=(), microphone=()",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}

SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
REQUESTS = Histogram(
    "http_server_request_duration_seconds",
    "How long requests took",
    ["http_request_method", "http_route", "http_response_status_code"],
    buckets=SECONDS,
)
ACTIVE = Gauge("http_server_active_requests", "Requests being answered", multiprocess_mode="livesum")
ORDERS = Counter("wayfare_orders_placed", "Orders placed")
REVENUE = Counter("wayfare_revenue_minor_units", "Value of the orders placed", ["currency"])
TRANSACTIONS = Histogram(
    "db_client_operation_duration_seconds",
    "How long placing an order spent in its transaction",
    ["db_operation_name"],
    buckets=SECONDS,
)


def start_tracing() -> trace.Tracer:
    """Sampler, endpoint and service name come from the specification's OTEL_* variables."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("peer")


ACCESS = logging.getLogger("access")
ACCESS.setLevel(logging.INFO)
ACCESS.propagate = False
ACCESS.addHandler(logging.StreamHandler(sys.stdout))


def record(span: trace.Span, request_id: str, method: str, path: str, route: str, status: int, ip: str, took: float):
    """One request in the metrics, in its span and in the log."""
    REQUESTS.labels(method, route, status).observe(took)
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    line = {
        "request_id": request_id,
        "trace_id": format(span.get_span_context().trace_id, "032x"),
        "method": method,
        "path": path,
        "route": route,
        "status": status,
        "micros": int(took * 1e6),
        "ip": ip,
    }
    ACCESS.info(orjson.dumps(line).decode())


def window(client: str) -> tuple[str, int]:
    """The key that counts a client's requests in this minute, and the seconds until it ends."""
    now = int(time.time())
    return f"limit:{client}:{now // 60}", 60 - now % 60


def request_headers(request_id: str, used: int, reset: int) -> dict[str, str]:
    return {
        "x-request-id": request_id,
        "ratelimit-policy": f'"request";q={RATE_LIMIT};w=60',
        "ratelimit": f'"request";r={max(RATE_LIMIT - used, 0)};t={reset}',
    }


class Refused(Exception):
    def __init__(self, status: int, code: str, detail: str):
        self.status = status
        self.body = orjson.dumps({"type": "about:blank", "status": status, "code": code, "detail": detail})


def claims(authorization: str | None) -> dict:
    scheme, _, token = (authorization or "").partition(" ")
    try:
        if scheme != "Bearer":
            raise jwt.InvalidTokenError
        key = KEYS[jwt.get_unverified_header(token)["kid"]]
        return jwt.decode(token, key, ["HS256"], audience="wayfare-api", issuer="wayfare", leeway=5)
    except (jwt.InvalidTokenError, KeyError):
        raise Refused(401, "unauthorized", "sign in") from None


class Base(DeclarativeBase):
    type_annotation_map = {
        str: Text,
        int: BigInteger,
        datetime: DateTime(timezone=True),
        dict: JSONB,
    }


class Account(Base):
    __tablename__ = "account"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    role: Mapped[str]
    disabled_at: Mapped[datetime | None]


class Session(Base):
    __tablename__ = "session"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Product(Base):
    __tablename__ = "product"
    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int]
    name: Mapped[str]
    description: Mapped[str]
    category: Mapped[str]
    price: Mapped[int]
    currency: Mapped[str]
    stock: Mapped[int] = mapped_column(Integer)
    image: Mapped[str | None]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID]
    shop_id: Mapped[int]
    state: Mapped[str]
    total: Mapped[int]
    currency: Mapped[str]
    address: Mapped[str]
    lat: Mapped[float]
    lon: Mapped[float]
    mode: Mapped[str]
    note: Mapped[str | None]
    idempotency_key: Mapped[str]
    request_hash: Mapped[str]
    placed_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    lines: Mapped[list["OrderLine"]] = relationship()
    events: Mapped[list["OrderEvent"]] = relationship()


class OrderLine(Base):
    __tablename__ = "order_line"
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[int]
    quantity: Mapped[int] = mapped_column(Integer)


class OrderEvent(Base):
    __tablename__ = "order_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    shop_id: Mapped[int]
    state: Mapped[str]
    account_id: Mapped[uuid.UUID]
    at: Mapped[datetime]


class Audit(Base):
    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    account_id: Mapped[uuid.UUID]
    role: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[dict]
    ip: Mapped[str]
    request_id: Mapped[str]


def product_view(product: Product) -> dict:
    return {
        "id": product.id,
        "shop_id": product.shop_id,
        "name": product.name,
        "description": product.description,
        "category": product.category,
        "price": {"amount": product.price, "currency": product.currency},
        "stock": product.stock,
        "image": product.image,
        "created_at": product.created_at,
    }


def page(products: list[Product]) -> dict:
    return {"items": [product_view(product) for product in products], "next": str(products[-1].id)}


def owner(claims: dict):
    """Whose live session the token belongs to."""
    return (
        select(Account.id, Account.role)
        .join(Session, Session.account_id == Account.id)
        .where(Session.id == uuid.UUID(claims["sid"]), Session.ended_at.is_(None))
        .where(Session.expires_at > datetime.now(UTC), Account.disabled_at.is_(None))
    )


def identity(claims: dict, cached: bytes | None) -> tuple[uuid.UUID, str]:
    """`account:role`, as the cache holds it."""
    account, _, role = (cached or b"").decode().partition(":")
    if account != claims["sub"]:
        raise Refused(401, "unauthorized", "sign in")
    return uuid.UUID(account), role


def first_page(limit: int):
    return select(Product).where(Product.retired_at.is_(None)).order_by(Product.name, Product.id).limit(limit)


class Line(BaseModel):
    product_id: int
    quantity: int = Field(ge=1, le=100)


class Address(BaseModel):
    text: str = Field(max_length=200)
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


class NewOrder(BaseModel):
    shop_id: int
    lines: list[Line] = Field(min_length=1, max_length=100)
    address: Address
    mode: Literal["car", "bike", "foot"]
    note: str | None = None

    def quantities(self) -> dict[int, int]:
        return {line.product_id: line.quantity for line in self.lines}

    def products(self):
        """Locked in the order of their ids, so that two orders can't wait for each other."""
        return (
            select(Product)
            .where(Product.id.in_(self.quantities()), Product.shop_id == self.shop_id)
            .order_by(Product.id)
            .with_for_update()
        )


@dataclass
class Placing:
    """Who orders, and how the request is known."""

    account: uuid.UUID
    role: str
    key: str
    hash: str
    ip: str
    request_id: str

    def earlier(self):
        return (
            select(Order)
            .where(Order.account_id == self.account, Order.idempotency_key == self.key)
            .options(selectinload(Order.lines))
        )


def rows(new: NewOrder, placing: Placing, products: list[Product]) -> tuple[Order, Audit]:
    """Takes the stock and gives what is to be inserted."""
    quantities = new.quantities()
    if len(products) != len(quantities):
        raise Refused(422, "unknown_product", "a product isn't this shop's")
    for product in products:
        if product.stock < quantities[product.id]:
            raise Refused(409, "out_of_stock", f"too few of {product.name}")
        product.stock -= quantities[product.id]
    now = datetime.now(UTC)
    order = Order(
        id=uuid.uuid4(),
        account_id=placing.account,
        shop_id=new.shop_id,
        state="placed",
        total=sum(product.price * quantities[product.id] for product in products),
        currency=products[0].currency,
        address=new.address.text,
        lat=new.address.lat,
        lon=new.address.lon,
        mode=new.mode,
        note=new.note,
        idempotency_key=placing.key,
        request_hash=placing.hash,
        placed_at=now,
        changed_at=now,
        lines=[
            OrderLine(product_id=product.id, name=product.name, price=product.price, quantity=quantities[product.id])
            for product in products
        ],
        events=[OrderEvent(shop_id=new.shop_id, state="placed", account_id=placing.account, at=now)],
    )
    audit = Audit(
        at=now,
        account_id=placing.account,
        role=placing.role,
        action="place_order",
        subject=str(order.id),
        detail={"total": order.total, "shop_id": order.shop_id, "currency": order.currency},
        ip=placing.ip,
        request_id=placing.request_id,
    )
    return order, audit


def placed(order: Order, took: float):
    ORDERS.inc()
    REVENUE.labels(order.currency).inc(order.total)
    TRANSACTIONS.labels("place_order").observe(took)


class Money(BaseModel):
    amount: int
    currency: str


class LineAnswer(BaseModel):
    product_id: int
    name: str
    price: Money
    quantity: int


class OrderAnswer(BaseModel):
    id: uuid.UUID
    shop_id: int
    state: str
    total: Money
    address: Address
    mode: str
    note: str | None
    lines: list[LineAnswer]
    placed_at: datetime


def answer(order: Order) -> OrderAnswer:
    def money(amount: int) -> Money:
        return Money(amount=amount, currency=order.currency)

    return OrderAnswer(
        id=order.id,
        shop_id=order.shop_id,
        state=order.state,
        total=money(order.total),
        address=Address(text=order.address, lat=order.lat, lon=order.lon),
        mode=order.mode,
        note=order.note,
        lines=[
            LineAnswer(product_id=line.product_id, name=line.name, price=money(line.price), quantity=line.quantity)
            for line in order.lines
        ],
        placed_at=order.placed_at,
    )


# Where every server tells the others what happened, for the people who watch an order or a product's stock.
NOTES = "notes"


def notes(order: Order, products: list[Product]) -> bytes:
    stock = [{"product": product.id, "stock": product.stock} for product in products]
    return orjson.dumps({"order": order.id, "shop": order.shop_id, "stock": stock})
