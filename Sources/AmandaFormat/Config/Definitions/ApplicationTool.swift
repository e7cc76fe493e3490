// SPDX-License-Identifier: Apache-2.0

import Faults
import Secret

/// `define application-tool`: the program that makes and unpacks archives, with its properties.
public struct ApplicationTool: Sendable, Hashable {
    /// As written.
    public let name: String
    /// Where it is defined.
    public let place: FaultPlace
    /// `amgtar`.
    public let plugin: String
    /// In the order of the file.
    public let properties: [ConfigurationProperty]
    private let clientName: String?
    private let clientNamePlace: FaultPlace

    init(_ block: ConfigurationBlock) {
        name = block.name
        place = block.place
        plugin = block.text("plugin") ?? ""
        properties = block.properties("property")
        clientName = block.text("client-name")
        clientNamePlace = block.place(of: "client-name")
    }

    /// What keeps it from being used at all.
    var refusals: [ConfigurationFault] {
        guard let clientName, !clientName.isEmpty else { return [] }
        return [.clientName(of: "application-tool '\(name)'", clientNamePlace)]
    }

    /// The first value of a property: `XATTRS`, `GNUTAR-PATH`, `TAR-BLOCKSIZE`.
    func value(ofProperty name: String) -> String? {
        properties.value(of: name)
    }
}

extension [ConfigurationProperty] {
    /// The first value; the name counts without case, `-` as `_`.
    func value(of name: String) -> String? {
        let name = ConfigurationProperty.canonicalName(name)
        return first { $0.name == name }?.values.first?.plaintext
    }
}
