//! Grafana's dashboards, one JSON a file: their queries, and what a person stumbles over.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::query::{self, Query};

pub const FOLDER: &str = "monitoring/dashboards";
const WIDTH: u32 = 24;

#[derive(Deserialize)]
pub struct Dashboard {
    pub uid: String,
    title: String,
    #[serde(default)]
    description: String,
    panels: Vec<Panel>,
    #[serde(default)]
    templating: Templating,
    #[serde(skip)]
    path: String,
}

#[derive(Default, Deserialize)]
struct Templating {
    list: Vec<Variable>,
}

#[derive(Deserialize)]
struct Variable {
    name: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    definition: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Panel {
    id: u32,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    description: String,
    grid_pos: Place,
    #[serde(default)]
    targets: Vec<Target>,
    #[serde(default)]
    field_config: serde_json::Value,
}

#[derive(Clone, Copy, Deserialize)]
struct Place {
    x: u32,
    y: u32,
    w: u32,
    h: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    #[serde(default)]
    expr: String,
    #[serde(default)]
    legend_format: String,
}

/// # Errors
/// A file that is no dashboard.
pub fn read(root: &Path) -> Result<Vec<Dashboard>> {
    let mut found = Vec::new();
    for (path, file) in query::files(root, FOLDER, ".json")? {
        let text = std::fs::read_to_string(file)?;
        let dashboard: Dashboard = serde_json::from_str(&text).with_context(|| format!("{path} is no dashboard"))?;
        found.push(Dashboard { path, ..dashboard });
    }
    Ok(found)
}

impl Dashboard {
    pub fn queries(&self) -> Vec<Query> {
        let of_panel = |panel: &Panel| {
            let at = format!("{}: panel {}", self.path, panel.title);
            let targets = panel.targets.iter().map(|target| self.query(&at, target));
            targets.collect::<Vec<_>>()
        };
        let variables = self.templating.list.iter().filter_map(|variable| {
            let (metric, label) =
                variable.definition.strip_prefix("label_values(")?.strip_suffix(')')?.rsplit_once(',')?;
            let mut query = Query::new(format!("{}: variable {}", self.path, variable.name), self.filled(metric));
            query.shows.push(label.trim().to_owned());
            Some(query)
        });
        self.panels.iter().flat_map(of_panel).chain(variables).collect()
    }

    fn query(&self, at: &str, target: &Target) -> Query {
        let mut query = Query::new(at, self.filled(&target.expr));
        let shown = target.legend_format.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
        query.shows = shown.map(|(label, _)| label.trim().to_owned()).collect();
        query
    }

    /// As Grafana fills it in; a variable stands for any value.
    fn filled(&self, expr: &str) -> String {
        let mut text = expr.replace("$__rate_interval", "5m").replace("$__range", "1h").replace("$__interval", "1m");
        for variable in &self.templating.list {
            text = text.replace(&format!("${}", variable.name), ".*");
        }
        text
    }

    pub fn offences(&self) -> Vec<String> {
        let mut found = Vec::new();
        let name = format!("{FOLDER}/{}.json", self.uid);
        if self.path != name {
            found.push(format!("its uid wants it to be {name}"));
        }
        if self.title.is_empty() || self.description.is_empty() {
            found.push("it has no title or no description".to_owned());
        }
        if !self.templating.list.iter().any(|it| it.kind == "datasource") {
            found.push("it has no variable for the data source: it shows nothing elsewhere".to_owned());
        }
        let mut ids = BTreeSet::new();
        for panel in &self.panels {
            let of_panel =
                panel.offences().into_iter().chain((!ids.insert(panel.id)).then(|| "its id is another's".to_owned()));
            found.extend(of_panel.map(|what| format!("panel {}: {what}", panel.title)));
        }
        for (index, one) in self.panels.iter().enumerate() {
            let above = self.panels[..index].iter().filter(|other| other.grid_pos.overlaps(one.grid_pos));
            found.extend(above.map(|other| format!("panel {} covers {}", one.title, other.title)));
        }
        let unknown =
            self.panels.iter().flat_map(|panel| &panel.targets).filter(|it| self.filled(&it.expr).contains('$'));
        found.extend(unknown.map(|target| format!("`{}` has a variable that isn't defined", target.expr)));
        found.into_iter().map(|what| format!("{}: {what}", self.path)).collect()
    }
}

impl Panel {
    fn offences(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.kind == "row" || self.kind == "text" {
            return found;
        }
        if self.title.is_empty() {
            found.push("it has no title".to_owned());
        }
        // A list of alerts asks no query.
        if self.kind != "alertlist" {
            if self.targets.is_empty() {
                found.push("it asks nothing".to_owned());
            }
            if self.field_config.pointer("/defaults/unit").is_none() {
                found.push("its numbers have no unit".to_owned());
            }
        }
        if self.description.is_empty() {
            found.push("it has no description: what is good, and what is bad?".to_owned());
        }
        if self.grid_pos.x + self.grid_pos.w > WIDTH || self.grid_pos.w == 0 || self.grid_pos.h == 0 {
            found.push(format!("it doesn't fit into the {WIDTH} columns"));
        }
        found
    }
}

impl Place {
    fn overlaps(self, other: Place) -> bool {
        let apart = |a: u32, a_long: u32, b: u32, b_long: u32| a + a_long <= b || b + b_long <= a;
        !apart(self.x, self.w, other.x, other.w) && !apart(self.y, self.h, other.y, other.h)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dashboard(panels: &str) -> Dashboard {
        let text = format!(
            r#"{{"uid": "a", "title": "A", "description": "d", "panels": [{panels}],
                "templating": {{"list": [{{"name": "datasource", "type": "datasource"}},
                  {{"name": "instance", "type": "query", "definition": "label_values(up{{job=\"wayfare\"}}, instance)"}}]}}}}"#
        );
        let dashboard: Dashboard = serde_json::from_str(&text).unwrap();
        Dashboard { path: format!("{FOLDER}/a.json"), ..dashboard }
    }

    const PANEL: &str = r#"{"id": 1, "type": "timeseries", "title": "P", "description": "d", "fieldConfig": {"defaults": {"unit": "s"}},
        "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
        "targets": [{"expr": "rate(a{instance=~\"$instance\"}[$__rate_interval])", "legendFormat": "{{instance}} in"}]}"#;

    #[test]
    fn queries_are_filled_in_and_legends_show_labels() {
        let found = dashboard(PANEL).queries();
        assert_eq!(found[0].text, "rate(a{instance=~\".*\"}[5m])");
        assert_eq!(found[0].shows, ["instance"]);
        assert_eq!(
            (found[1].text.as_str(), found[1].shows.as_slice()),
            ("up{job=\"wayfare\"}", &["instance".to_owned()][..])
        );
        assert_eq!(dashboard(PANEL).offences(), Vec::<String>::new());
    }

    #[test]
    fn what_a_person_would_stumble_over_is_named() {
        let told = |panels: &str| dashboard(panels).offences().join("; ");
        assert!(told(&format!("{PANEL}, {PANEL}")).contains("panel P covers P"));
        assert!(told(&format!("{PANEL}, {PANEL}")).contains("its id is another's"));
        assert!(told(&PANEL.replace("\"unit\"", "\"u\"")).contains("no unit"));
        assert!(told(&PANEL.replace("\"w\": 12", "\"w\": 25")).contains("24 columns"));
        assert!(told(&PANEL.replace("$instance", "$pod")).contains("a variable that isn't defined"));
        assert!(told(&PANEL.replace("\"description\": \"d\", ", "")).contains("no description"));
    }
}
