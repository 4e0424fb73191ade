//! The positions and distances that py2p computes.
use chord::Key;
use chord::tables::{Message, Names, Position, Table};
use serde_json::Value as Json;
use serializer::Value;

//= p2p#3.10/five-tables test
#[test]
fn five_places_of_a_key() {
    let keys = vectors()["vectors"].as_array().unwrap().clone();
    assert!(keys.len() >= 5);
    for vector in &keys {
        let key = unhex(vector["key_hex"].as_str().unwrap());
        for table in Table::ALL {
            let expected = &vector["tables"][table.name()];
            let number = decimal(expected["int"].as_str().unwrap());
            let place = Position::of(table, &key);
            assert_eq!(place.number(), &number, "{} of {}", table.name(), vector["key_hex"]);
            assert_eq!(Position::from_number(table, &number), Some(place));
            let text = Value::Bin(expected["base58"].as_str().unwrap().to_owned().into());
            let message = Message::Retrieve { position: place, names: Names::of(&place) };
            assert_eq!(message.clone().into_values()[1], text);
            assert_eq!(Message::read(message.flag(), &message.clone().into_values()), Some(Ok(message)));
        }
    }
}

//= p2p#3.10/distance test
#[test]
fn distances() {
    let distances = vectors()["distance"].as_array().unwrap().clone();
    assert!(distances.len() >= 6);
    for vector in &distances {
        let [a, b, expected] = ["a", "b", "distance"].map(|name| ring(vector[name].as_str().unwrap()));
        assert_eq!(a.distance(&b), expected, "{vector}");
    }
}

#[test]
fn numbers_above_512_bits_are_no_place() {
    assert_eq!(Position::from_number(Table::Sha1, &[1; 65]), None);
    let mut padded = [0; 70];
    padded[69] = 7;
    assert_eq!(Position::from_number(Table::Sha1, &padded).unwrap().ring(), Key::from(7));
    assert_eq!(Position::from_number(Table::Sha1, &[]).unwrap().ring(), Key::ZERO);
}

fn vectors() -> Json {
    serde_json::from_str(include_str!("vectors/chord_hashes.json")).unwrap()
}

fn ring(decimal_text: &str) -> Key {
    Key::reduce(&decimal(decimal_text))
}

/// Decimal text to 64 bytes, by schoolbook multiplication.
fn decimal(text: &str) -> [u8; 64] {
    text.bytes().fold([0; 64], |mut number, digit| {
        let mut carry = u16::from(digit - b'0');
        for byte in number.iter_mut().rev() {
            carry += u16::from(*byte) * 10;
            (*byte, carry) = (carry as u8, carry >> 8);
        }
        assert_eq!(carry, 0);
        number
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
