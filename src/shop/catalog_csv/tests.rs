use super::*;

fn head() -> Head {
    Head { shop: "corner".into(), currency: "EUR".into(), version: 3 }
}

fn faults(text: &[u8]) -> Vec<String> {
    read(text, &head()).unwrap_err().told.iter().map(ToString::to_string).collect()
}

#[test]
fn a_table_becomes_the_catalogue_that_it_says() {
    let text = "sku,title_en,title_es,says_en,says_es,price,gtin,pack_count,pack_unit,max_qty,category,flags,option_size!,x_shelf\r\n\
        heads,\"Heads, 4 pack\",Cabezales,toothbrush heads | brush heads,,12.99,4210201746348,4,,5,bathroom,,,B7\r\n\
        \r\n\
        wine,Red wine,,,,7.5,,,bottle,,,restricted:alcohol,small|large,\r\n";
    let catalog = read(text.as_bytes(), &head()).unwrap();
    let expected = r#"{"shop":"corner","version":3,"part":1,"parts":1,"currency":"EUR","products":[
        {"sku":"heads","gtin":"4210201746348","title":{"en":"Heads, 4 pack","es":"Cabezales"},
         "says":{"en":["toothbrush heads","brush heads"]},"pack":{"count":4,"unit":"piece"},"unit_amount":1299,
         "max_qty":5,"category":"bathroom"},
        {"sku":"wine","title":{"en":"Red wine"},"says":{},"pack":{"count":1,"unit":"bottle"},"unit_amount":750,
         "max_qty":10,"category":"goods","flags":["restricted:alcohol"],
         "options":[{"name":"size","required":true,"values":[{"value":"small","says":{"en":["small"]}},
                                                            {"value":"large","says":{"en":["large"]}}]}]}]}"#;
    assert_eq!(catalog, Catalog::from_json(expected).unwrap());
}

#[test]
fn what_spreadsheets_write_abroad_is_the_same_table() {
    let plain = "sku,title_es,says_es,price\nleche,Leche entera,leche|la leche,1.09\npan,Pan,,2\n";
    let expected = read(plain.as_bytes(), &head()).unwrap();
    for other in [
        "\u{feff}sku;title_es;says_es;price\r\nleche;Leche entera;leche|la leche;1,09\r\npan;Pan;;2,00\r\n",
        "\u{feff}\"sku\";\"title_es\";\"says_es\";\"price\"\n\"leche\";\"Leche entera\";\"leche|la leche\";\"1,09\"\npan;Pan;;2\n",
        "sep=;\r\nSKU;Title ES;Says-es;Price;;\r\nleche;Leche entera;leche|la leche;1,09;;\r\npan;Pan;;2;;\r\n;;;;;\r\n",
        "sku\ttitle_es\tsays_es\tprice\nleche\tLeche entera\tleche|la leche\t1,09\npan\tPan\t\t2\n",
    ] {
        assert_eq!(read(other.as_bytes(), &head()).as_ref(), Ok(&expected), "{other}");
    }
}

#[test]
fn every_fault_is_told_with_its_line_and_column() {
    let text = "sku;title_en;price;gtin;max_qty\n\
        a;A;1.234;;\n\
        ;B;2,00;;\n\
        a;C;x;4210201746349;0\n\
        \n\
        \"d\";\"D\nD\";;4,21E+12;many\n\
        e;;5;;;surplus\n\
        f;F;6;;\n";
    let told = faults(text.as_bytes());
    let expected = [
        "line 2, price: \"1.234\" could be 1234 or a fraction",
        "line 3, sku: it is empty",
        "line 4, price: \"x\" is no number",
        "line 4, gtin: \"4210201746349\" is mistyped: its last digit would be 8",
        "line 4, max_qty: \"0\" is no whole number",
        "line 4, sku: \"a\" is in line 2 already",
        "line 6, price: it is empty",
        "line 6, gtin: \"4,21E+12\" is no number of 8, 12, 13 or 14 digits; the spreadsheet shortened it",
        "line 6, max_qty: \"many\" is no whole number",
        "line 8: \"surplus\" stands in a column without a name",
        "line 8, title: no language has one",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told} should begin {expected}");
    }
}

#[test]
fn a_table_without_its_columns_says_which() {
    for (text, expected) in [
        ("", &["line 1: it is empty"][..]),
        ("\u{feff}\n", &["line 1: it is empty"]),
        (
            "sku,titel_en,price\n",
            &["line 1, titel_en: no such column is known; is it title_en?", "line 1, title_en: a title in at"],
        ),
        (
            "title_de,sku\n",
            &["line 1, title_de: no such", "line 1, price: this column is missing", "line 1, title_en: a title"],
        ),
        ("sku,title_en,price,sku\n", &["line 1, sku: this column is there twice"]),
        ("sku,title_en,price\n", &["line 2: there is no product"]),
    ] {
        let told = faults(text.as_bytes());
        assert_eq!(told.len(), expected.len(), "{text:?}: {told:?}");
        assert!(told.iter().zip(expected).all(|(told, expected)| told.starts_with(expected)), "{text:?}: {told:?}");
    }
    assert!(faults(b"sku,title_en,price\na,Caf\xe9,1\n")[0].starts_with("line 2: a letter is not UTF-8"));
    assert!(faults(&[0xff, 0xfe, b's', 0])[0].contains("UTF-16"));
}

#[test]
fn a_table_of_faults_is_told_in_a_page() {
    let mut text = "sku,title_en,price\n".to_owned();
    (0..1_000).for_each(|n| text.push_str(&format!("s{n},T,free\n")));
    let told = read(text.as_bytes(), &head()).unwrap_err();
    assert_eq!((told.told.len(), told.more), (MAX_FAULTS, 950));
    let lines = told.to_string();
    assert!(lines.starts_with("1000 things are wrong:") && lines.ends_with("and 950 more"), "{lines}");
}
