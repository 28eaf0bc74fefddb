//! What has to hold between Kubernetes manifests, beyond the schema of each: selectors find pods, ports are the
//! containers', names lead somewhere, and all of it agrees with the code.
//!
//! A rule is a function of [`Set`] and an object in a file of `rules/`, and a line in [`RULES`].

pub mod analysis;
pub mod compare;
mod facts;
mod object;
mod pods;
mod rules;
mod selector;

pub use facts::Facts;
pub use object::{Object, parse};

use pods::Pod;
use rules::{containers, images, labels, ports, queries, references, replicas, secrets, selectors, settings};

/// What is applied together, and what it has to agree with.
pub struct Set<'a> {
    objects: &'a [Object],
    pods: Vec<Pod>,
    facts: &'a Facts,
}

type Rule = fn(&Set, &Object) -> Vec<String>;

const RULES: &[Rule] = &[
    labels::offences,
    selectors::offences,
    ports::offences,
    references::offences,
    containers::offences,
    replicas::offences,
    images::offences,
    settings::offences,
    secrets::offences,
    queries::offences,
];

/// Each is one sentence that begins with the object.
pub fn offences(objects: &[Object], facts: &Facts) -> Vec<String> {
    let set = Set { objects, pods: pods::of(objects), facts };
    let of_object = |object: &Object| {
        let found = RULES.iter().flat_map(|rule| rule(&set, object));
        found.map(|what| format!("{}: {what}", object.title())).collect::<Vec<_>>()
    };
    objects.iter().flat_map(of_object).collect()
}

impl Set<'_> {
    fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Object> {
        self.objects.iter().filter(move |it| it.kind() == kind)
    }

    fn named(&self, kind: &str, name: &str) -> Option<&Object> {
        self.objects.iter().find(|it| it.kind() == kind && it.name() == name)
    }
}
