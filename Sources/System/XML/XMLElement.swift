// SPDX-License-Identifier: Apache-2.0

/// An element of a small XML document: what S3 answers, and what Amanda puts into headers.
public struct XMLElement: Sendable {
    /// Local name, without a prefix.
    public let name: String
    /// By their names as written, entities resolved.
    public internal(set) var attributes: [String: String] = [:]
    /// All text directly inside, entities resolved.
    public internal(set) var text = ""
    public internal(set) var elements: [XMLElement] = []
    /// Where it stands in the document, tags included.
    public internal(set) var range: Range<Int>

    /// Reads a whole document; strict: anything after the root, an unknown entity or an unclosed element throws. A document
    /// type is refused, comments and instructions are read over.
    ///
    /// - Parameter decode: what the bytes of a text mean; nil: none that may stand there. By default UTF-8.
    public init(
        parsing bytes: [UInt8],
        decode: @escaping (_ text: [UInt8]) -> String? = { String(validating: $0, as: UTF8.self) }
    ) throws(XMLFault) {
        var reader = XMLReader(bytes, decode)
        self = try reader.document()
    }

    init(name: String, from start: Int) {
        self.name = name
        range = start..<start
    }

    /// The first element of that name.
    public func child(_ name: String) -> XMLElement? {
        elements.first { $0.name == name }
    }

    /// Every element of that name, in order.
    public func all(_ name: String) -> [XMLElement] {
        elements.filter { $0.name == name }
    }

    /// The text of the first element of that name.
    public subscript(_ name: String) -> String? { child(name)?.text }
}

/// Why bytes are not the XML we read.
public struct XMLFault: Error, Equatable, CustomStringConvertible {
    let reason: String
    let offset: Int

    public init(_ reason: String, offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    public var description: String { "\(reason) at byte \(offset)" }
}
