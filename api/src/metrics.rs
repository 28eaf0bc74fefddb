//! Every metric that Wayfare exports, once: the doc comment is the help text that Prometheus shows.
//!
//! HTTP and database metrics carry the names and buckets of OpenTelemetry's semantic conventions. The route label is the
//! operation's id, never a URL. All series that can be known exist from the start, at zero.

use std::sync::LazyLock;

use prometheus::{
    Encoder, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

const SECONDS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
const DELIVERY_SECONDS: &[f64] = &[60.0, 300.0, 600.0, 900.0, 1200.0, 1800.0, 2700.0, 3600.0, 5400.0, 7200.0];

macro_rules! metrics {
    ($($(#[doc = $help:literal])+ $name:ident: $kind:tt $([$($label:literal),+])? $(in $buckets:ident)?;)+) => {
        #[derive(Clone)]
        pub struct Metrics { registry: Registry, $($(#[doc = $help])+ pub $name: metrics!(@type $kind $([$($label),+])?),)+ }

        impl Metrics {
            pub fn new() -> Self {
                let registry = Registry::new();
                #[cfg(target_os = "linux")]
                registry
                    .register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))
                    .expect("nothing else counts for the process");
                $(
                    let help = concat!($($help),+).trim();
                    let $name = metrics!(@new $kind stringify!($name), help, $([$($label),+])?, $($buckets)?);
                    registry.register(Box::new($name.clone())).expect("each metric is listed once");
                )+
                Self { registry, $($name),+ }
            }

            /// Name, help and labels of each metric, in the order of the list.
            pub fn list() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
                vec![$((stringify!($name), concat!($($help),+).trim(), vec![$($($label),+)?])),+]
            }
        }
    };
    (@type counter) => { IntCounter };
    (@type counter [$($l:literal),+]) => { IntCounterVec };
    (@type gauge) => { IntGauge };
    (@type gauge [$($l:literal),+]) => { IntGaugeVec };
    (@type amount) => { Gauge };
    (@type histogram) => { Histogram };
    (@type histogram [$($l:literal),+]) => { HistogramVec };
    (@new counter $n:expr, $h:expr, , ) => { IntCounter::new($n, $h).expect("a valid name") };
    (@new counter $n:expr, $h:expr, [$($l:literal),+], ) => { IntCounterVec::new(Opts::new($n, $h), &[$($l),+]).expect("valid names") };
    (@new gauge $n:expr, $h:expr, , ) => { IntGauge::new($n, $h).expect("a valid name") };
    (@new gauge $n:expr, $h:expr, [$($l:literal),+], ) => { IntGaugeVec::new(Opts::new($n, $h), &[$($l),+]).expect("valid names") };
    (@new amount $n:expr, $h:expr, , ) => { Gauge::new($n, $h).expect("a valid name") };
    (@new histogram $n:expr, $h:expr, , $b:ident) => { Histogram::with_opts(HistogramOpts::new($n, $h).buckets($b.to_vec())).expect("valid names") };
    (@new histogram $n:expr, $h:expr, [$($l:literal),+], $b:ident) => {
        HistogramVec::new(HistogramOpts::new($n, $h).buckets($b.to_vec()), &[$($l),+]).expect("valid names")
    };
}

metrics! {
    /// Time that requests took, from the first byte read to the answer being ready.
    http_server_request_duration_seconds: histogram ["http_request_method", "http_route", "http_response_status_code"] in SECONDS;
    /// Requests being answered now.
    http_server_active_requests: gauge;
    /// Event streams open now.
    wayfare_event_streams: gauge;
    /// Event streams refused because too many were open, by what was full.
    wayfare_event_streams_refused_total: counter ["scope"];
    /// Event streams ended to make room for a new one, by what was full.
    wayfare_event_streams_let_go_total: counter ["scope"];
    /// Connections closed because the headers of a request took too long.
    wayfare_slow_headers_total: counter;
    /// Requests refused because the client had made too many.
    wayfare_rate_limited_total: counter ["action"];
    /// Time that placing an order spent in its database transaction.
    db_client_operation_duration_seconds: histogram ["db_operation_name"] in SECONDS;
    /// Connections of the database pool, by state.
    db_client_connection_count: gauge ["state"];
    /// Connections that the database pool may open at the most.
    db_client_connection_max: gauge;
    /// Whether the database does what it is asked: 1 yes, 0 no.
    wayfare_database_up: gauge;
    /// Whether the read replica is asked: 1 yes, 0 the primary answers in its place. Absent when none is configured.
    wayfare_replica_up: gauge ["replica"];
    /// How far the read replica is behind at the most, in seconds. Absent when none is configured.
    wayfare_replica_lag_seconds: gauge ["replica"];
    /// Whether Redis answers: 1 yes, 0 no. Absent when none is configured.
    wayfare_redis_up: gauge ["place"];
    /// Orders placed.
    wayfare_orders_placed_total: counter;
    /// Orders that reached each state.
    wayfare_order_moves_total: counter ["to"];
    /// Orders refused, by the reason's code.
    wayfare_orders_refused_total: counter ["code"];
    /// Value of the orders placed, in minor units, by currency.
    wayfare_revenue_minor_units_total: counter ["currency"];
    /// People who registered.
    wayfare_sign_ups_total: counter;
    /// Attempts to sign in, by outcome.
    wayfare_sign_ins_total: counter ["outcome"];
    /// Shops that are open now.
    wayfare_shops_open: gauge;
    /// Carts with something in them, changed within the last day.
    wayfare_active_carts: gauge;
    /// Time from an order being placed to its delivery.
    wayfare_delivery_duration_seconds: histogram in DELIVERY_SECONDS;
    /// Order events that no worker has taken over yet.
    wayfare_outbox_waiting: gauge;
    /// Age of the oldest order event that no worker has taken over yet, in seconds.
    wayfare_outbox_oldest_seconds: gauge;
    /// Pictures uploaded, by outcome: kept, or why not.
    wayfare_images_total: counter ["outcome"];
    /// Room that the pictures of all shops take.
    wayfare_image_bytes: gauge;
    /// Webhook deliveries, by outcome.
    wayfare_webhooks_total: counter ["outcome"];
    /// Shops whose webhooks this worker leaves alone after failures in a row.
    wayfare_webhook_shops_resting: gauge;
    /// Questions to providers of routes and places, by outcome; `kept` were answered from what was kept, `resting` not asked.
    wayfare_provider_calls_total: counter ["provider", "outcome"];
    /// Time that providers took, from the question to the whole answer or its failure.
    wayfare_provider_duration_seconds: histogram ["provider"] in SECONDS;
    /// Whether the circuit breaker of a provider is open, after failures or for its quota: 1 yes, 0 no.
    wayfare_provider_resting: gauge ["provider"];
    /// CPUs that the process may use: the quota of its control group, or those of the machine.
    wayfare_cpu_limit_cores: amount;
    /// Memory that the process may use: the limit of its control group, or that of the machine.
    wayfare_memory_limit_bytes: gauge;
    /// Size of the disk that holds the data folder.
    wayfare_disk_size_bytes: gauge;
    /// Free bytes of the disk that holds the data folder.
    wayfare_disk_free_bytes: gauge;
    /// What is running: always 1.
    wayfare_build_info: gauge ["version", "revision"];
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self::new();
        metrics.start_at_zero();
        metrics
    }
}

impl Metrics {
    fn start_at_zero(&self) {
        for action in ["request", "sign-in"] {
            self.wayfare_rate_limited_total.with_label_values(&[action]);
        }
        for state in ["placed", "accepted", "preparing", "on_the_way", "delivered", "cancelled"] {
            self.wayfare_order_moves_total.with_label_values(&[state]);
        }
        for outcome in ["ok", "refused"] {
            self.wayfare_sign_ins_total.with_label_values(&[outcome]);
        }
        for outcome in ["delivered", "failed", "dead"] {
            self.wayfare_webhooks_total.with_label_values(&[outcome]);
        }
        for outcome in ["kept", "not_an_image", "image_too_large", "image_quota"] {
            self.wayfare_images_total.with_label_values(&[outcome]);
        }
        for state in ["used", "idle"] {
            self.db_client_connection_count.with_label_values(&[state]);
        }
        for code in ["out_of_stock", "not_sold_here", "ordering_off", "shop_closed", "too_far"] {
            self.wayfare_orders_refused_total.with_label_values(&[code]);
        }
        self.wayfare_revenue_minor_units_total.with_label_values(&["EUR"]);
        self.db_client_operation_duration_seconds.with_label_values(&["place_order"]);
        self.wayfare_build_info.with_label_values(&[env!("CARGO_PKG_VERSION"), revision()]).set(1);
    }

    /// The exposition that Prometheus scrapes.
    pub fn render(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32 * 1024);
        TextEncoder::new().encode(&self.registry.gather(), &mut out).expect("writing to memory succeeds");
        out
    }
}

/// The commit that the image was built from. The image says it, not the binary: a commit that changes no file of the
/// binary is the same binary.
pub fn revision() -> &'static str {
    static REVISION: LazyLock<String> =
        LazyLock::new(|| std::env::var("WAYFARE_REVISION").unwrap_or_else(|_| "unknown".to_owned()));
    &REVISION
}

/// A gauge that counts for as long as it is held.
pub struct Held(IntGauge);

impl Held {
    pub fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}
