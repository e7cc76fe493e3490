// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The items of a list, each number looked at; the field is the list's.
struct ClaimItems: UnkeyedDecodingContainer {
    var inner: any UnkeyedDecodingContainer

    var codingPath: [any CodingKey] { inner.codingPath }
    var count: Int? { inner.count }
    var isAtEnd: Bool { inner.isAtEnd }
    var currentIndex: Int { inner.currentIndex }

    mutating func decodeNil() throws -> Bool { try inner.decodeNil() }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if type == Date.self,
            let date = try ClaimRange.check(inner.decode(Date.self), at: codingPath) as? Value
        {
            return date
        }
        return try inner.decode(Claim<Value>.self).value
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        KeyedDecodingContainer(ClaimFields<Nested>(inner: try inner.nestedContainer(keyedBy: type)))
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        ClaimItems(inner: try inner.nestedUnkeyedContainer())
    }

    mutating func superDecoder() throws -> any Decoder { ClaimDecoder(try inner.superDecoder()) }
}

/// A value that stands alone.
struct ClaimValue: SingleValueDecodingContainer {
    let inner: any SingleValueDecodingContainer

    var codingPath: [any CodingKey] { inner.codingPath }

    func decodeNil() -> Bool { inner.decodeNil() }
    func decode(_ type: Bool.Type) throws -> Bool { try inner.decode(type) }
    func decode(_ type: String.Type) throws -> String {
        ClaimText.kept(
            try inner.decode(type), field: codingPath.last { $0.intValue == nil }?.stringValue ?? "")
    }
    func decode(_ type: Double.Type) throws -> Double {
        try ClaimRange.check(inner.decode(type), at: codingPath)
    }
    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try whole(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try whole(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try whole(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try whole(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try whole(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try whole(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try whole(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try whole(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try whole(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try whole(type) }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if type == Date.self,
            let date = try ClaimRange.check(inner.decode(Date.self), at: codingPath) as? Value
        {
            return date
        }
        return try inner.decode(Claim<Value>.self).value
    }

    private func whole<Number: FixedWidthInteger & Decodable>(_ type: Number.Type) throws -> Number {
        try ClaimRange.check(inner.decode(type), at: codingPath)
    }
}
