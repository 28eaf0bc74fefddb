//! What journeys cost.

use super::{Files, by_bus, stops};
use crate::City;

const PRICES: &str = "fare_id,price,currency_type,payment_method,transfers,transfer_duration,agency_id\n";
const RULES: &str = "fare_id,route_id,origin_id,destination_id,contains_id\n";

/// Line 1 from zone 1 over zone 2 to zone 3, where line 2 of agency b goes on.
fn city(prices: &str, rules: &str) -> City {
    let zoned: String = stops(&[0, 2000, 4000, 8000, 12_000], ",zone_id")
        .lines()
        .zip(["", ",z1", ",z1", ",z2", ",z3", ",z3"])
        .map(|(line, zone)| format!("{line}{zone}\n"))
        .collect();
    let line = ["x0 08:00", "x2000 08:04", "x4000 08:08", "x8000 08:16"];
    Files::of(&[
        ("agency.txt", "agency_id,agency_timezone\na,UTC\nb,UTC\n"),
        ("routes.txt", "route_id,agency_id,route_short_name,route_type\nr1,a,1,3\nr2,b,2,3\n"),
        ("stops.txt", &zoned),
        ("fare_attributes.txt", &format!("{PRICES}{prices}")),
        ("fare_rules.txt", &format!("{RULES}{rules}")),
    ])
    .trips("", &[("t", "r1", &line), ("u", "r2", &["x8000 08:30", "x12000 08:40"])])
    .city()
}

fn price(city: &City, from: i32, to: i32) -> String {
    let fare = by_bus(city, from, to, "07:55").unwrap().remove(0).fare;
    fare.map_or_else(|| "none".to_owned(), |f| format!("{} {}", f.amount, f.currency))
}

#[test]
fn zones_decide_and_where_no_rule_fits_there_is_no_price() {
    let prices = "f1,2.00,EUR,0,0,,\nf2,4.50,EUR,0,0,,\nf3,8.00,EUR,0,0,,\n";
    let zones = city(prices, "f1,,z1,z1,\nf2,,z1,z2,\nf3,,z1,z3,\n");
    assert_eq!(
        [price(&zones, 0, 2000), price(&zones, 0, 4000), price(&zones, 0, 8000)],
        ["200 EUR", "450 EUR", "800 EUR"]
    );
    assert_eq!(price(&zones, 4000, 8000), "none");
}

#[test]
fn zones_passed_are_all_of_those_and_no_others() {
    let passed = city("f1,2.00,EUR,0,0,,\nf2,3.00,EUR,0,0,,\n", "f1,,,,z1\nf2,,,,z1\nf2,,,,z2\nf2,,,,z3\n");
    assert_eq!(
        [price(&passed, 0, 2000), price(&passed, 0, 8000), price(&passed, 0, 4000)],
        ["200 EUR", "300 EUR", "none"]
    );
}

#[test]
fn a_fare_is_its_agencys() {
    let two = city("fa,5.00,EUR,0,0,,a\nfb,1.00,EUR,0,0,,b\n", "");
    assert_eq!(
        [price(&two, 0, 2000), price(&two, 8000, 12_000), price(&two, 0, 12_000)],
        ["500 EUR", "100 EUR", "600 EUR"]
    );
    assert_eq!(price(&city("fa,5.00,EUR,0,0,,a\n", ""), 0, 12_000), "none", "one ride of two has no price");
}

#[test]
fn a_ticket_covers_the_changes_it_includes_for_as_long_as_it_is_valid() {
    let both = "f,,,,\n";
    assert_eq!(price(&city("f,2.00,EUR,0,0,,\n", both), 0, 12_000), "400 EUR");
    assert_eq!(price(&city("f,2.00,EUR,0,1,,\n", both), 0, 12_000), "200 EUR");
    assert_eq!(price(&city("f,2.00,EUR,0,,,\n", both), 0, 12_000), "200 EUR");
    assert_eq!(price(&city("f,2.00,EUR,0,1,1800,\n", both), 0, 12_000), "200 EUR", "08:00 to 08:30 is half an hour");
    assert_eq!(price(&city("f,2.00,EUR,0,1,1799,\n", both), 0, 12_000), "400 EUR");
    // A day ticket for everything against two single ones.
    assert_eq!(price(&city("f,2.00,EUR,0,0,,\ng,3.50,EUR,0,,,\n", ""), 0, 12_000), "350 EUR");
}

#[test]
fn two_currencies_make_no_sum() {
    assert_eq!(price(&city("f,2.00,EUR,0,0,,\ng,3.00,GBP,0,0,,\n", "f,r1,,,\ng,r2,,,\n"), 0, 12_000), "none");
}

#[test]
fn amounts_have_the_digits_of_their_currency() {
    for (stated, amount) in
        [("210,JPY", "210 JPY"), ("0.250,KWD", "250 KWD"), ("2.5,EUR", "250 EUR"), ("1.2345,CLF", "12345 CLF")]
    {
        assert_eq!(price(&city(&format!("f,{stated},0,0,,\n"), ""), 0, 2000), amount);
    }
    assert_eq!(price(&city("f,2.00,euros,0,0,,\n", ""), 0, 2000), "none");
}

#[test]
fn a_fare_whose_every_rule_is_for_an_unknown_route_is_for_no_ride() {
    assert_eq!(price(&city("f,2.00,EUR,0,0,,\n", "f,r9,,,\n"), 0, 2000), "none");
    assert_eq!(price(&city("f,2.00,EUR,0,0,,\n", "f,r9,,,\nf,r1,,,\n"), 0, 2000), "200 EUR");
}

#[test]
fn fares_of_the_second_version_are_said_to_be_left_out() {
    let files = Files::of(&[("fare_products.txt", "fare_product_id,amount,currency\np,2.00,EUR\n")]);
    let (draft, report) = files.trips("", &[("t", "r1", &["x0 08:00", "x2000 08:04"])]).read().unwrap();
    assert_eq!(report.dropped["files left out: fares of version 2"], 1);
    assert_eq!(price(&City::build(draft), 0, 2000), "none");
}
