//! Just enough of the pbf format to write a map: uncompressed blobs, plain nodes.

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

fn bytes(out: &mut Vec<u8>, field: u64, v: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, v.len() as u64);
    out.extend_from_slice(v);
}

fn packed(out: &mut Vec<u8>, field: u64, items: impl IntoIterator<Item = u64>) {
    let mut inner = Vec::new();
    items.into_iter().for_each(|v| varint(&mut inner, v));
    bytes(out, field, &inner);
}

fn zigzag(v: i64) -> u64 {
    ((v << 1) ^ (v >> 63)) as u64
}

#[derive(Default)]
pub struct Map {
    texts: Vec<String>,
    elements: Vec<u8>,
}

type Tags<'a> = &'a [(&'a str, &'a str)];

impl Map {
    fn text(&mut self, text: &str) -> u64 {
        if self.texts.is_empty() {
            self.texts.push(String::new());
        }
        let known = self.texts.iter().position(|t| t == text);
        known.unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        }) as u64
    }

    fn tags(&mut self, out: &mut Vec<u8>, tags: Tags) {
        let keys: Vec<u64> = tags.iter().map(|t| self.text(t.0)).collect();
        let values: Vec<u64> = tags.iter().map(|t| self.text(t.1)).collect();
        packed(out, 2, keys);
        packed(out, 3, values);
    }

    pub fn node(&mut self, id: i64, lat: f64, lon: f64, tags: Tags) {
        let mut node = Vec::new();
        number(&mut node, 1, zigzag(id));
        self.tags(&mut node, tags);
        number(&mut node, 8, zigzag((lat * 1e7).round() as i64));
        number(&mut node, 9, zigzag((lon * 1e7).round() as i64));
        bytes(&mut self.elements, 1, &node);
    }

    pub fn way(&mut self, id: i64, nodes: &[i64], tags: Tags) {
        let mut way = Vec::new();
        number(&mut way, 1, id as u64);
        self.tags(&mut way, tags);
        let before = std::iter::once(0).chain(nodes.iter().copied());
        packed(&mut way, 8, nodes.iter().zip(before).map(|(n, b)| zigzag(n - b)));
        bytes(&mut self.elements, 3, &way);
    }

    /// From way, via node, to way.
    pub fn restriction(&mut self, kind: &str, [from, via, to]: [i64; 3]) {
        let members = [("from", 1, from), ("via", 0, via), ("to", 1, to)];
        self.relation(&members, &[("type", "restriction"), ("restriction", kind)]);
    }

    /// Members by role, type (0 a node, 1 a way) and id.
    pub fn relation(&mut self, members: &[(&str, u64, i64)], tags: Tags) {
        let mut relation = Vec::new();
        number(&mut relation, 1, 900);
        self.tags(&mut relation, tags);
        let roles: Vec<u64> = members.iter().map(|m| self.text(m.0)).collect();
        let before = std::iter::once(0).chain(members.iter().map(|m| m.2));
        packed(&mut relation, 8, roles);
        packed(&mut relation, 9, members.iter().zip(before).map(|(m, b)| zigzag(m.2 - b)));
        packed(&mut relation, 10, members.iter().map(|m| m.1));
        bytes(&mut self.elements, 4, &relation);
    }

    /// A way with the places of its nodes, which need not be in the file.
    pub fn located(&mut self, id: i64, nodes: &[(i64, f64, f64)], tags: Tags) {
        let mut way = Vec::new();
        number(&mut way, 1, id as u64);
        self.tags(&mut way, tags);
        for (field, of) in [(8, 0), (9, 1), (10, 2)] {
            let value = |n: &(i64, f64, f64)| match of {
                0 => n.0,
                1 => (n.1 * 1e7).round() as i64,
                _ => (n.2 * 1e7).round() as i64,
            };
            let before = std::iter::once(0).chain(nodes.iter().map(value));
            packed(&mut way, field, nodes.iter().map(value).zip(before).map(|(v, b)| zigzag(v - b)));
        }
        bytes(&mut self.elements, 3, &way);
    }

    pub fn finish(self) -> Vec<u8> {
        self.packed_as(1, &["OsmSchema-V0.6"])
    }

    /// With the content in a field of the blobs (1 as it is, 6 lz4, 7 zstd), and what a reader must understand.
    pub fn packed_as(self, field: u64, features: &[&str]) -> Vec<u8> {
        let mut table = Vec::new();
        self.texts.iter().for_each(|t| bytes(&mut table, 1, t.as_bytes()));
        let mut block = Vec::new();
        bytes(&mut block, 1, &table);
        bytes(&mut block, 2, &self.elements);
        let mut header = Vec::new();
        features.iter().for_each(|f| bytes(&mut header, 4, f.as_bytes()));
        let mut out = Vec::new();
        for (kind, content) in [("OSMHeader", header), ("OSMData", block)] {
            let (mut blob, mut head) = (Vec::new(), Vec::new());
            bytes(&mut blob, if kind == "OSMData" { field } else { 1 }, &content);
            number(&mut blob, 2, content.len() as u64);
            bytes(&mut head, 1, kind.as_bytes());
            number(&mut head, 3, blob.len() as u64);
            out.extend((head.len() as u32).to_be_bytes());
            out.extend(head);
            out.extend(blob);
        }
        out
    }
}
