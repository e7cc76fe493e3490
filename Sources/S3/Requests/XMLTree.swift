// SPDX-License-Identifier: Apache-2.0

/// An element of the small XML bodies that S3 sends: name, text, elements. Attributes are read over.
struct XMLTree: Equatable {
    /// Local name, without a prefix.
    let name: String
    private(set) var text = ""
    private(set) var children: [XMLTree] = []

    /// The text of the first child of that name.
    subscript(_ name: String) -> String? {
        children.first { $0.name == name }?.text
    }

    /// Every child of that name, in order.
    func all(_ name: String) -> [XMLTree] {
        children.filter { $0.name == name }
    }

    /// Reads a whole document; strict: anything after the root, an unknown entity or an unclosed element throws.
    init(parsing bytes: [UInt8]) throws(XMLFault) {
        var scanner = XMLScanner(bytes)
        try scanner.skipProlog()
        self = try Self.element(&scanner, depth: 0)
        try scanner.skipProlog()
        guard scanner.isAtEnd else { throw scanner.fault("text after the end") }
    }

    private init(name: String) {
        self.name = name
    }

    /// Reads the element that begins here.
    static func element(_ scanner: inout XMLScanner, depth: Int) throws(XMLFault) -> XMLTree {
        guard depth < 16 else { throw scanner.fault("too deep") }
        guard case .opening(let name, let isEmpty) = try scanner.tag() else {
            throw scanner.fault("no element")
        }
        var tree = XMLTree(name: name)
        if isEmpty { return tree }
        while true {
            tree.text += try scanner.text()
            if scanner.isAtClosingTag {
                guard case .closing(name) = try scanner.tag() else {
                    throw scanner.fault("'\(name)' is not closed")
                }
                if !tree.children.isEmpty { tree.text = "" }
                return tree
            }
            tree.children.append(try element(&scanner, depth: depth + 1))
        }
    }
}

/// Why a body is not the XML we read.
struct XMLFault: Error, Equatable {
    let reason: String
    let offset: Int

    var description: String { "\(reason) at byte \(offset)" }
}
