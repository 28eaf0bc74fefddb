"""What both rivals share: the tables that `wayfare migrate` made, the metrics, the token check.

Not here: anything that touches the network, which is where an async and a sync program differ.
"""

import uuid
from datetime import UTC, datetime
from os import environ

import jwt
import orjson
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import BigInteger, DateTime, ForeignKey, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

RATE_LIMIT = int(environ.get("RATE_LIMIT", "100"))
CACHE_SECONDS = 3600
KEYS = dict(pair.split(":", 1) for pair in environ["JWT_KEYS"].split(","))

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
}

REQUESTS = Histogram(
    "http_server_request_duration_seconds",
    "How long requests took",
    ["http_request_method", "http_route", "http_response_status_code"],
    buckets=[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
)
ACTIVE = Gauge("http_server_active_requests", "Requests being answered", multiprocess_mode="livesum")
ORDERS = Counter("wayfare_orders_placed", "Orders placed")


def start_tracing() -> trace.Tracer:
    """Sampler, endpoint and service name come from the specification's OTEL_* variables."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("peer")


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
        return jwt.decode(
            token, key, ["HS256"], audience=environ.get("JWT_AUDIENCE"), issuer=environ.get("JWT_ISSUER")
        )
    except (jwt.InvalidTokenError, KeyError):
        raise Refused(401, "unauthorized", "sign in") from None


class Base(DeclarativeBase):
    type_annotation_map = {
        str: Text,
        int: BigInteger,
        datetime: DateTime(timezone=True),
        dict: JSONB,
    }


class Product(Base):
    __tablename__ = "product"
    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int]
    name: Mapped[str]
    description: Mapped[str]
    category: Mapped[str]
    price_cents: Mapped[int]
    stock: Mapped[int]
    image: Mapped[str | None]


class Session(Base):
    __tablename__ = "session"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID]
    revoked_at: Mapped[datetime | None]


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID]
    shop_id: Mapped[int]
    idempotency_key: Mapped[str]
    status: Mapped[str]
    total_cents: Mapped[int]
    address: Mapped[str]
    created_at: Mapped[datetime]
    lines: Mapped[list["OrderLine"]] = relationship(back_populates="order")
    events: Mapped[list["OrderEvent"]] = relationship()


class OrderLine(Base):
    __tablename__ = "order_line"
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    quantity: Mapped[int]
    price_cents: Mapped[int]
    order: Mapped[Order] = relationship(back_populates="lines")


class OrderEvent(Base):
    __tablename__ = "order_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    kind: Mapped[str]
    created_at: Mapped[datetime]


class Audit(Base):
    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    actor: Mapped[uuid.UUID]
    action: Mapped[str]
    subject: Mapped[str]
    created_at: Mapped[datetime]


def product_view(product: Product) -> dict:
    return {
        "id": product.id,
        "shop_id": product.shop_id,
        "name": product.name,
        "description": product.description,
        "category": product.category,
        "price": {"amount": product.price_cents, "currency": "EUR"},
        "stock": product.stock,
        "image": product.image,
    }


def page(products: list[Product]) -> dict:
    return {"items": [product_view(product) for product in products], "next": str(products[-1].id)}


def new_order(user, key, shop_id, address, mode, note, products, quantities) -> Order:
    if len(products) != len(quantities):
        raise Refused(422, "unknown_product", "a product isn't this shop's")
    now = datetime.now(UTC)
    for product in products:
        if product.stock < quantities[product.id]:
            raise Refused(409, "out_of_stock", f"too few of {product.name}")
        product.stock -= quantities[product.id]
    return Order(
        id=uuid.uuid4(),
        user_id=user,
        shop_id=shop_id,
        idempotency_key=key,
        status="placed",
        address=address["text"],
        total_cents=sum(product.price_cents * quantities[product.id] for product in products),
        created_at=now,
        lines=[
            OrderLine(product_id=product.id, name=product.name, quantity=quantities[product.id], price_cents=product.price_cents)
            for product in products
        ],
        events=[OrderEvent(kind="placed", created_at=now)],
    )


def audit(order: Order) -> Audit:
    return Audit(actor=order.user_id, action="order.placed", subject=str(order.id), created_at=order.created_at)


def order_answer(order: Order) -> dict:
    return {
        "id": str(order.id),
        "shop_id": order.shop_id,
        "status": order.status,
        "total": {"amount": order.total_cents, "currency": "EUR"},
        "lines": [
            {"product_id": line.product_id, "name": line.name, "quantity": line.quantity, "price": line.price_cents}
            for line in order.lines
        ],
        "created_at": order.created_at.isoformat(),
    }
