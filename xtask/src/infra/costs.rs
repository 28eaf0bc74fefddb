//! What a plan costs a month, roughly: infra/costs.toml holds list prices, with their source and date.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    source: String,
    date: String,
    currency: String,
    /// By the type of a resource.
    price: BTreeMap<String, Price>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    /// A month of one, whatever it is.
    each: Option<f64>,
    /// The attribute that decides, as a JSON pointer, and the price of a month by its value.
    by: Option<String>,
    #[serde(default)]
    of: BTreeMap<String, f64>,
    /// The attribute that says how many it is.
    times: Option<String>,
    /// The attribute with gigabytes, and the price of one.
    gigabytes: Option<String>,
    #[serde(default)]
    per_gigabyte: f64,
}

#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Bill {
    /// By the resource's address.
    items: BTreeMap<String, f64>,
    /// What has a price that the table doesn't know.
    unknown: Vec<String>,
    total: f64,
}

impl Costs {
    pub fn read(root: &Path) -> Result<Self> {
        let text = fs::read_to_string(root.join("infra/costs.toml")).context("can't read infra/costs.toml")?;
        toml::from_str(&text).context("infra/costs.toml")
    }

    pub fn bill(&self, planned: &Value) -> Bill {
        let mut bill = Bill::default();
        self.add(&mut bill, &planned["root_module"]);
        bill.total = bill.items.values().sum::<f64>().round();
        bill
    }

    fn add(&self, bill: &mut Bill, module: &Value) {
        let list = |name: &str| module[name].as_array().cloned().unwrap_or_default();
        for resource in list("resources") {
            let (address, kind) = (text(&resource["address"]), text(&resource["type"]));
            let Some(price) = self.price.get(&kind) else { continue };
            match price.of(&resource["values"]) {
                Some(month) => drop(bill.items.insert(address, month)),
                None => bill.unknown.push(address),
            }
        }
        list("child_modules").iter().for_each(|child| self.add(bill, child));
    }
}

impl Price {
    fn of(&self, values: &Value) -> Option<f64> {
        let at = |pointer: &str| values.pointer(pointer);
        let number = |pointer: &String| at(pointer).and_then(Value::as_f64);
        let fixed = match &self.by {
            Some(pointer) => *self.of.get(&text(at(pointer)?))?,
            None => self.each.unwrap_or_default(),
        };
        let times = self.times.as_ref().map_or(Some(1.0), number)?;
        let disk = self.gigabytes.as_ref().map_or(Some(0.0), number)? * self.per_gigabyte;
        Some(fixed * times + disk)
    }
}

impl Bill {
    pub fn table(&self, costs: &Costs) -> String {
        let currency = &costs.currency;
        let mut lines: Vec<_> =
            self.items.iter().map(|(address, month)| format!("  {month:>7.0} {currency}  {address}")).collect();
        lines.extend(self.unknown.iter().map(|address| format!("        ?      {address}: not in infra/costs.toml")));
        lines.push(format!(
            "  {:>7.0} {currency}  a month, roughly, without traffic and storage that grows",
            self.total
        ));
        lines.push(format!("  ({}, {})\n", costs.source, costs.date));
        lines.join("\n")
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn costs() -> Costs {
        Costs::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap()
    }

    #[test]
    fn the_table_says_where_its_prices_are_from_and_when() {
        let costs = costs();
        assert!(!costs.source.is_empty() && costs.date.len() == 10);
        let wrong = costs.price.iter().filter(|(_, price)| price.each.is_some() == price.by.is_some());
        assert_eq!(wrong.map(|(kind, _)| kind).collect::<Vec<_>>(), Vec::<&String>::new());
    }

    #[test]
    fn a_bill_counts_modules_within_modules_and_names_what_it_does_not_know() {
        let nat = |name: &str| json!({ "address": name, "type": "aws_nat_gateway", "values": {} });
        let nodes = json!({
            "address": "nodes",
            "type": "aws_eks_node_group",
            "values": { "instance_types": ["t3.large"], "capacity_type": "ON_DEMAND", "scaling_config": [{ "desired_size": 2 }] }
        });
        let odd = json!({ "address": "odd", "type": "aws_instance", "values": { "instance_type": "x9.huge" } });
        let planned = json!({ "root_module": {
            "resources": [nat("a")],
            "child_modules": [{ "resources": [nodes, odd], "child_modules": [{ "resources": [nat("b")] }] }]
        } });
        let costs = costs();
        let bill = costs.bill(&planned);
        assert_eq!(bill.items.keys().collect::<Vec<_>>(), ["a", "b", "nodes"]);
        assert_eq!(bill.items["nodes"], 2.0 * costs.price["aws_instance"].of["t3.large"]);
        assert_eq!(bill.unknown, ["odd"]);
    }
}
