// SPDX-License-Identifier: Apache-2.0

@_exported public import Faults

/// Why bytes are not an Amanda header.
public enum HeaderError: Fault, Equatable {
    /// The first word is not `AMANDA:`: empty, foreign or damaged data.
    case notAmanda
    /// An Amanda header, but of another kind.
    case wrongKind(found: String, wanted: String)
    /// Something of line 1 is missing or of the wrong form.
    case malformed(what: String, found: String?)
    /// The end mark (form feed) is missing: the object was cut.
    case cut
    /// The DLE's XML is not well formed.
    case malformedDLE(what: String)

    /// What failed, on what, with the values.
    public var facts: String {
        switch self {
        case .notAmanda:
            "not an Amanda header: it does not begin with 'AMANDA:'"
        case .wrongKind(let found, let wanted):
            "an Amanda header of kind '\(found)' stands where \(wanted) is expected"
        case .malformed(let what, let found?):
            "malformed Amanda header: '\(found)' is no \(what)"
        case .malformed(let what, nil):
            "malformed Amanda header: the \(what) is missing"
        case .cut:
            "cut Amanda header: the form feed that ends it is missing"
        case .malformedDLE(let what):
            "malformed DLE in an Amanda header: \(what)"
        }
    }
}
