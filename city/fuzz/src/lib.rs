//! What the targets share: wrappers that bring a fuzzer past checksums and compression, and questions for what loads.

use city::{City, Mode, Moment, Point, Query, When};
use std::io::Write;

/// Bytes of a city file's header.
const HEADER: usize = 32;

/// A city file with this content: its length and checksum are put right.
pub fn sealed(content: &[u8]) -> Vec<u8> {
    let mut file = City::empty().save();
    file.truncate(HEADER);
    file[12..16].copy_from_slice(&crc32fast::hash(content).to_le_bytes());
    file[16..24].copy_from_slice(&(content.len() as u64).to_le_bytes());
    file.extend_from_slice(content);
    file
}

/// The content of a city file.
pub fn content(file: &[u8]) -> &[u8] {
    &file[HEADER..]
}

/// A feed whose files stand one after another, each under a line `== name`.
pub fn archive(text: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for line in text.split_inclusive(|b| *b == b'\n') {
        match line.strip_prefix(b"== ") {
            // Twice the same name is refused: then the first one goes on.
            Some(name) => _ = zip.start_file(String::from_utf8_lossy(name).trim(), stored),
            None => _ = zip.write_all(line),
        }
    }
    zip.finish().map(std::io::Cursor::into_inner).unwrap_or_default()
}

/// A map of one uncompressed block.
pub fn map(block: &[u8]) -> Vec<u8> {
    let mut header = Vec::new();
    field(&mut header, 4, b"OsmSchema-V0.6");
    let mut file = Vec::new();
    for (kind, content) in [("OSMHeader", header.as_slice()), ("OSMData", block)] {
        let (mut blob, mut head) = (Vec::new(), Vec::new());
        field(&mut blob, 1, content);
        number(&mut blob, 2, content.len() as u64);
        field(&mut head, 1, kind.as_bytes());
        number(&mut head, 3, blob.len() as u64);
        file.extend((head.len() as u32).to_be_bytes());
        file.extend(head);
        file.extend(blob);
    }
    file
}

/// The block of a small town: streets in a lattice with a one-way, a barrier, signals, a park and a shop.
pub fn town() -> Vec<u8> {
    let words = [
        "", "highway", "residential", "name", "Long Street", "oneway", "yes", "barrier", "bollard", "traffic_signals",
        "leisure", "park", "shop", "bakery", "Bread", "restriction", "no_left_turn", "type", "from", "via", "to",
        "addr:street", "addr:housenumber", "7", "maxspeed", "30", "building",
    ];
    let word = |w: &str| words.iter().position(|x| *x == w).unwrap_or(0) as u64;
    let pairs = |out: &mut Vec<u8>, tags: &[(&str, &str)]| {
        packed(out, 2, tags.iter().map(|t| word(t.0)));
        packed(out, 3, tags.iter().map(|t| word(t.1)));
    };
    let mut group = Vec::new();
    for k in 0..25u64 {
        let mut node = Vec::new();
        number(&mut node, 1, zigzag(k as i64 + 1));
        match k {
            7 => pairs(&mut node, &[("barrier", "bollard")]),
            11 => pairs(&mut node, &[("highway", "traffic_signals")]),
            13 => pairs(&mut node, &[("shop", "bakery"), ("name", "Bread"), ("addr:street", "Long Street"), ("addr:housenumber", "7")]),
            _ => {}
        }
        number(&mut node, 8, zigzag(450_000_000 + (k / 5) as i64 * 10_000));
        number(&mut node, 9, zigzag(50_000_000 + (k % 5) as i64 * 14_000));
        field(&mut group, 1, &node);
    }
    let mut way = |id: u64, nodes: &[i64], tags: &[(&str, &str)]| {
        let mut way = Vec::new();
        number(&mut way, 1, id);
        pairs(&mut way, tags);
        let before = std::iter::once(&0).chain(nodes);
        packed(&mut way, 8, nodes.iter().zip(before).map(|(n, b)| zigzag(n - b)));
        field(&mut group, 3, &way);
    };
    for row in 0..5i64 {
        let across: Vec<i64> = (1..=5).map(|x| row * 5 + x).collect();
        let along: Vec<i64> = (0..5).map(|y| y * 5 + row + 1).collect();
        way(row as u64 + 1, &across, &[("highway", "residential"), ("name", "Long Street")]);
        way(row as u64 + 10, &along, &[("highway", "residential"), ("oneway", "yes"), ("maxspeed", "30")]);
    }
    way(20, &[1, 2, 7, 6, 1], &[("leisure", "park"), ("name", "Bread")]);
    way(21, &[3, 4, 9, 8, 3], &[("building", "yes")]);
    let mut relation = Vec::new();
    number(&mut relation, 1, 900);
    pairs(&mut relation, &[("type", "restriction"), ("restriction", "no_left_turn")]);
    packed(&mut relation, 8, ["from", "via", "to"].map(word));
    packed(&mut relation, 9, [1, 2 - 1, 11 - 2].map(zigzag));
    packed(&mut relation, 10, [1, 0, 1]);
    field(&mut group, 4, &relation);
    let mut table = Vec::new();
    words.iter().for_each(|w| field(&mut table, 1, w.as_bytes()));
    let mut block = Vec::new();
    field(&mut block, 1, &table);
    field(&mut block, 2, &group);
    block
}

/// A small feed in the town, in the form that `archive` reads.
pub const FEED: &str = "== agency.txt\nagency_id,agency_name,agency_timezone\na,A,Europe/Paris\n\
== stops.txt\nstop_id,stop_name,stop_lat,stop_lon\na,A,45.0,5.0\nb,B,45.002,5.002\nc,C,45.004,5.0056\n\
== routes.txt\nroute_id,route_short_name,route_type,route_color\nr,1,3,00FF00\n\
== trips.txt\nroute_id,service_id,trip_id,shape_id\nr,s,t,h\nr,s,u,\n\
== stop_times.txt\ntrip_id,arrival_time,departure_time,stop_id,stop_sequence\nt,08:00:00,08:00:00,a,1\nt,,,b,2\nt,08:10:00,08:10:00,c,3\nu,23:50:00,23:50:00,c,1\nu,24:10:00,24:10:00,a,2\n\
== calendar.txt\nservice_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\ns,1,1,1,1,1,1,1,20260101,20261231\n\
== calendar_dates.txt\nservice_id,date,exception_type\ns,20260518,2\ns,20260519,1\n\
== shapes.txt\nshape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\nh,45.0,5.0,1\nh,45.002,5.002,2\nh,45.004,5.0056,3\n\
== frequencies.txt\ntrip_id,start_time,end_time,headway_secs\nt,06:00:00,07:00:00,600\n\
== transfers.txt\nfrom_stop_id,to_stop_id,transfer_type,min_transfer_time\na,b,2,100\nb,c,3,\n\
== fare_attributes.txt\nfare_id,price,currency_type,transfers\nf,2.5,EUR,1\n\
== fare_rules.txt\nfare_id,route_id\nf,r\n";

/// Asks a city a little of everything: nothing may panic.
pub fn ask(city: &City) {
    let b = city.bounds();
    let (from, to) = (Point::new(b.south, b.west), Point::new(b.north, b.east));
    let day = city.calendar().map_or_else(city::Day::default, |(first, _)| first);
    for when in [When::Depart(Moment::new(day, 28_000)), When::Arrive(Moment::new(day, 30_000))] {
        for mode in Mode::ALL {
            let _ = city.journeys(from, to, mode, when, 2);
        }
    }
    let _ = city.rides_within(from, to, Mode::Bus, Moment::new(day, 28_000), 3600);
    let _ = city.geocode(Query { text: "long stret 7", near: Some(from), limit: 5 });
    let _ = (city.reverse(b.centre(), 5), city.departures(0, Moment::new(day, 0), 10));
    let _ = city.density(9, day);
    let _ = city.buses(city.zone().unix(Moment::new(day, 29_000)), 1);
}

fn varint(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

fn number(out: &mut Vec<u8>, field: u64, v: u64) {
    varint(out, field << 3);
    varint(out, v);
}

fn field(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn packed(out: &mut Vec<u8>, number: u64, items: impl IntoIterator<Item = u64>) {
    let mut inner = Vec::new();
    items.into_iter().for_each(|v| varint(&mut inner, v));
    field(out, number, &inner);
}

fn zigzag(v: i64) -> u64 {
    ((v << 1) ^ (v >> 63)) as u64
}
