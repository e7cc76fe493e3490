// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// A value of another machine, decoded as it is, but that every number in it is held against `ClaimRange` on its way, whatever type asks for it.
struct Claim<Value: Decodable>: Decodable {
    let value: Value

    init(from decoder: any Decoder) throws {
        value = try Value(from: ClaimDecoder(decoder))
    }
}

/// Hands a type its fields, and looks at each number first.
struct ClaimDecoder: Decoder {
    private let inner: any Decoder

    init(_ inner: any Decoder) {
        self.inner = inner
    }

    var codingPath: [any CodingKey] { inner.codingPath }
    var userInfo: [CodingUserInfoKey: Any] { inner.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(ClaimFields(inner: try inner.container(keyedBy: type)))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        ClaimItems(inner: try inner.unkeyedContainer())
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        ClaimValue(inner: try inner.singleValueContainer())
    }
}

/// The fields of an object.
struct ClaimFields<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let inner: KeyedDecodingContainer<Key>

    var codingPath: [any CodingKey] { inner.codingPath }
    var allKeys: [Key] { inner.allKeys }

    func contains(_ key: Key) -> Bool { inner.contains(key) }
    func decodeNil(forKey key: Key) throws -> Bool { try inner.decodeNil(forKey: key) }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try inner.decode(type, forKey: key) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        ClaimText.kept(try inner.decode(type, forKey: key), field: key.stringValue)
    }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
        try ClaimRange.check(inner.decode(type, forKey: key), at: codingPath + [key])
    }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
        Float(try decode(Double.self, forKey: key))
    }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try whole(type, key) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try whole(type, key) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try whole(type, key) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try whole(type, key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try whole(type, key) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try whole(type, key) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try whole(type, key) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try whole(type, key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try whole(type, key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try whole(type, key) }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        // The decoder knows how we write a time; the type does not.
        if type == Date.self,
            let date = try ClaimRange.check(
                inner.decode(Date.self, forKey: key), at: codingPath + [key]) as? Value
        {
            return date
        }
        return try inner.decode(Claim<Value>.self, forKey: key).value
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        KeyedDecodingContainer(
            ClaimFields<Nested>(inner: try inner.nestedContainer(keyedBy: type, forKey: key)))
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        ClaimItems(inner: try inner.nestedUnkeyedContainer(forKey: key))
    }

    func superDecoder() throws -> any Decoder { ClaimDecoder(try inner.superDecoder()) }
    func superDecoder(forKey key: Key) throws -> any Decoder {
        ClaimDecoder(try inner.superDecoder(forKey: key))
    }

    private func whole<Number: FixedWidthInteger & Decodable>(
        _ type: Number.Type, _ key: Key
    ) throws -> Number {
        try ClaimRange.check(inner.decode(type, forKey: key), at: codingPath + [key])
    }
}
