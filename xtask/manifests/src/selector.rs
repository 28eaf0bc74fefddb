//! Label selectors, as Kubernetes reads them.

use serde_json::Value;

use crate::object::{Labels, entries, list};

/// Whether a selector with `matchLabels` and `matchExpressions` takes something with these labels. An empty one takes all.
pub fn takes(selector: &Value, labels: &Labels) -> bool {
    let expressions = selector.get("matchExpressions").unwrap_or(&Value::Null);
    has_all(selector.get("matchLabels").unwrap_or(&Value::Null), labels)
        && list(expressions).all(|expression| holds(expression, labels))
}

/// A Service's selector is a plain list of labels.
pub fn has_all(wanted: &Value, labels: &Labels) -> bool {
    entries(wanted).all(|(key, value)| labels.get(key).map(String::as_str) == value.as_str())
}

fn holds(expression: &Value, labels: &Labels) -> bool {
    let text = |key: &str| expression.get(key).and_then(Value::as_str).unwrap_or_default();
    let own = labels.get(text("key"));
    let mut values = list(expression.get("values").unwrap_or(&Value::Null)).filter_map(Value::as_str);
    match text("operator") {
        "In" => own.is_some_and(|own| values.any(|value| value == own)),
        "NotIn" => own.is_none_or(|own| values.all(|value| value != own)),
        "Exists" => own.is_some(),
        "DoesNotExist" => own.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_operator_is_read_as_kubernetes_reads_it() {
        let labels = Labels::from([("a".to_owned(), "1".to_owned())]);
        let one = |operator: &str, key: &str, values: &[&str]| {
            let expression = json!({"key": key, "operator": operator, "values": values});
            takes(&json!({ "matchExpressions": [expression] }), &labels)
        };
        assert!(one("In", "a", &["1", "2"]) && !one("In", "a", &["2"]) && !one("In", "b", &["1"]));
        assert!(!one("NotIn", "a", &["1"]) && one("NotIn", "b", &["1"]));
        assert!(one("Exists", "a", &[]) && !one("Exists", "b", &[]));
        assert!(one("DoesNotExist", "b", &[]) && !one("DoesNotExist", "a", &[]));
        assert!(!one("in", "a", &["1"]), "what isn't an operator takes nothing");
        assert!(takes(&json!({}), &labels) && !takes(&json!({"matchLabels": {"a": "2"}}), &labels));
    }
}
