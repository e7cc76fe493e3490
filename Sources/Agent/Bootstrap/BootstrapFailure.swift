// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// The document of `amfleetd bootstrap --json` where there is nothing to report but why: as `amfleet`'s, without a result's name.
public struct BootstrapFailure: Codable, Sendable {
    var format = WireJSON.format
    /// The first, for whoever reads one only.
    public var error: WireError?
    public var errors: [WireError]

    public init(_ error: any Error) {
        errors = WireError.all(of: error)
        self.error = errors.first
    }

    public func document() throws -> [UInt8] { try WireJSON.document(self) }
}
