//! The city's buses as they move. A picture of all of them is made once for each tick and process, however many ask; it is
//! a function of timetable, seed and tick, so replicas agree without a word between them, and what a client saw last can
//! be made again anywhere from the id of its last event.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use city::{City, Run, changes};
use futures_util::{Stream, StreamExt, stream};
use moka::future::Cache as Memory;
use poem::web::sse::Event;
use sha2::{Digest, Sha256};

use super::{
    buses::{Bus, Wanted, Written},
    gtfs_rt,
};
use crate::{App, clock::Instant};

/// Seconds between pictures; those of all replicas are of the same instants.
pub const TICK: i64 = 2;
/// How long after it broke off a stream goes on with changes. Beyond, all is told again.
const RESUME: i64 = 120;

/// The pictures asked for lately.
pub struct Live(Memory<i64, Arc<Picture>>);

/// All buses at an instant, each as the API tells it.
pub struct Picture {
    /// Unix seconds, a multiple of [`TICK`].
    pub at: i64,
    pub buses: Vec<city::Bus>,
    written: Vec<String>,
    positions: OnceLock<Bytes>,
    updates: OnceLock<Bytes>,
}

impl Default for Live {
    fn default() -> Self {
        Self(Memory::builder().max_capacity(64).time_to_live(Duration::from_secs(30)).build())
    }
}

impl Live {
    /// The picture of now.
    pub async fn now(&self, app: &App) -> Arc<Picture> {
        self.at(app, tick(app)).await
    }

    async fn at(&self, app: &App, at: i64) -> Arc<Picture> {
        let (city, seed) = (app.city.clone(), app.config.bus_seed);
        let draw = async move {
            // The first of a day lays the day out, which takes a large city some milliseconds.
            let drawn = tokio::task::spawn_blocking(move || Picture::of(at, city.buses(at, seed))).await;
            Arc::new(drawn.unwrap_or_else(|_| Picture::of(at, Vec::new())))
        };
        self.0.get_with(at, draw).await
    }
}

fn tick(app: &App) -> i64 {
    let now = app.clock.now().timestamp();
    now - now.rem_euclid(TICK)
}

impl Picture {
    fn of(at: i64, buses: Vec<city::Bus>) -> Self {
        let written = buses.iter().map(|b| serde_json::to_string(&Bus::from(b)).unwrap_or_default()).collect();
        Self { at, buses, written, positions: OnceLock::new(), updates: OnceLock::new() }
    }

    /// When it was so.
    pub fn instant(&self) -> Instant {
        Instant::from_timestamp(self.at, 0).unwrap_or_default()
    }

    /// The wanted ones as a [`super::buses::Buses`].
    pub fn write(&self, wanted: &Wanted) -> Bytes {
        let of = |at: usize| wanted.has(&self.buses[at]).then_some(at);
        let mut text = self.begin();
        self.push(&mut text, (0..self.buses.len()).filter_map(of));
        text.push('}');
        text.into()
    }

    /// As a GTFS-Realtime feed of positions.
    pub fn positions(&self, city: &City) -> Bytes {
        self.positions.get_or_init(|| gtfs_rt::positions(city, self.at, &self.buses)).clone()
    }

    /// As a GTFS-Realtime feed of delays.
    pub fn updates(&self, city: &City) -> Bytes {
        self.updates.get_or_init(|| gtfs_rt::updates(city, self.at, &self.buses)).clone()
    }

    /// What leads from the picture before, nothing for none, to this one; nothing where that is nothing.
    fn news(&self, before: Option<&Self>, wanted: &Wanted) -> Option<String> {
        let known = before.map_or(&[][..], |b| &b.buses);
        let city::Changes { told, gone } = changes(known, &self.buses, |bus| wanted.has(bus));
        if before.is_some() && told.is_empty() && gone.is_empty() {
            return None;
        }
        let mut text = self.begin();
        self.push(&mut text, told.into_iter());
        let gone: Vec<String> = gone.iter().map(Run::to_string).collect();
        text += ",\"gone\":";
        text += &serde_json::to_string(&gone).unwrap_or_default();
        text.push('}');
        Some(text)
    }

    fn begin(&self) -> String {
        format!("{{\"at\":\"{}\",\"buses\":", self.instant().to_rfc3339())
    }

    fn push(&self, text: &mut String, which: impl Iterator<Item = usize>) {
        text.push('[');
        for (n, at) in which.enumerate() {
            if n > 0 {
                text.push(',');
            }
            text.push_str(&self.written[at]);
        }
        text.push(']');
    }
}

struct Watch {
    app: Arc<App>,
    wanted: Wanted,
    /// Names what is asked and of which city: an id from elsewhere means nothing here.
    mark: String,
    known: Option<Arc<Picture>>,
}

/// The wanted buses as they move: a whole picture first, or what changed since the event that the client saw last, then
/// changes alone, until the end of the process. A client that reads slowly hears fewer and larger changes.
pub async fn watch(
    app: Arc<App>,
    wanted: Wanted,
    last: Option<String>,
) -> impl Stream<Item = Written> + Send + 'static {
    let ended = {
        let app = app.clone();
        async move { app.stopped().await }
    };
    let mark = mark(&app, &wanted);
    let seen = last.as_deref().and_then(|id| resumable(id, &mark, tick(&app)));
    let known = match seen {
        Some(at) => Some(app.live.at(&app, at).await),
        None => None,
    };
    let watch = Watch { app, wanted, mark, known };
    stream::unfold(watch, |mut watch| async move { Some((watch.next().await, watch)) }).take_until(Box::pin(ended))
}

impl Watch {
    async fn next(&mut self) -> Written {
        loop {
            let now = self.app.live.now(&self.app).await;
            let is_new = self.known.as_ref().is_none_or(|known| known.at != now.at);
            if is_new {
                let before = self.known.replace(now.clone());
                if let Some(text) = now.news(before.as_deref(), &self.wanted) {
                    let kind = if before.is_some() { "changes" } else { "picture" };
                    return Written { id: format!("{}-{}", now.at, self.mark), kind, text };
                }
            }
            let into = self.app.clock.now().timestamp_millis().rem_euclid(1000 * TICK);
            tokio::time::sleep(Duration::from_millis((1000 * TICK - into).unsigned_abs())).await;
        }
    }
}

/// The instant of an id that was given out for the same question, not long ago.
fn resumable(id: &str, mark: &str, now: i64) -> Option<i64> {
    let (at, of) = id.split_once('-')?;
    let at: i64 = at.parse().ok()?;
    (of == mark && at % TICK == 0 && (now - RESUME..=now).contains(&at)).then_some(at)
}

fn mark(app: &App, wanted: &Wanted) -> String {
    let (city, seed) = (&app.city, app.config.bus_seed);
    let digest = Sha256::digest(format!("{} {:?} {seed} {wanted:?}", city.name(), city.bounds()));
    digest[..6].iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// An event as it is sent.
pub fn event(news: Written) -> Event {
    Event::message(news.text).id(news.id).event_type(news.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_back_to_its_instant_for_the_same_question_and_not_for_long() {
        assert_eq!(resumable("1000-abc", "abc", 1000), Some(1000));
        assert_eq!(resumable("1000-abc", "abc", 1000 + RESUME), Some(1000));
        for (id, now) in [
            ("1000-abc", 1000 + RESUME + TICK),
            ("1000-abc", 998),
            ("1001-abc", 1002),
            ("1000-xyz", 1000),
            ("1000", 1000),
            ("-abc", 1000),
            ("", 1000),
            ("9223372036854775806-abc", 1000),
        ] {
            assert_eq!(resumable(id, "abc", now), None, "{id} at {now}");
        }
    }
}
