// SPDX-License-Identifier: Apache-2.0

extension DumpType {
    /// What this version cannot do, each with the line that asks for it. Empty: it can be dumped.
    public var refusals: [ConfigurationFault] {
        var refusals: [ConfigurationFault] = []
        func refuse(_ parameter: String, _ facts: String, _ hint: String) {
            refusals.append(ConfigurationFault(block.place(of: parameter), facts, hint: hint))
        }
        switch program {
        case "APPLICATION":
            if let application, application.plugin != "amgtar" {
                refuse("application", "application '\(application.plugin)' is not supported", useAmgtar)
            }
        case "GNUTAR": break
        default:
            refuse("program", "program \"\(program)\" is not supported", useAmgtar)
        }
        refusals += filterRefusals + plausibilityRefusals
        refusals += (application?.refusals ?? []) + scripts.flatMap(\.refusals)
        if block.keyword("data-path") == "DIRECTTCP" {
            refuse("data-path", "data-path directtcp is not supported", "write data-path amanda.")
        }
        return refusals
    }

    /// A custom filter without a program, a program that no header could name, and what Amanda's planner refuses.
    private var filterRefusals: [ConfigurationFault] {
        var refusals: [ConfigurationFault] = []
        func check(_ program: String, _ parameter: String, setBy setting: String) {
            guard program.isEmpty || !Self.isNameable(program) else { return }
            let isUnset = program.isEmpty
            refusals.append(
                ConfigurationFault(
                    block.place(of: isUnset ? setting : parameter),
                    isUnset
                        ? "\(setting) \(keyword(setting)) needs a program, and \(parameter) is not set"
                        : "\(parameter) \"\(program)\" is not an absolute path without blanks",
                    hint: "write \(parameter) \"/absolute/path\"."))
        }
        switch compression {
        case .clientCustom(let program): check(program, "client-custom-compress", setBy: "compress")
        case .serverCustom(let program): check(program, "server-custom-compress", setBy: "compress")
        default: break
        }
        switch encryption {
        case .client(let program, _): check(program, "client-encrypt", setBy: "encrypt")
        case .server(let program, _): check(program, "server-encrypt", setBy: "encrypt")
        case .none: break
        }
        if case .client = encryption, compression.isByServer {
            refusals.append(
                ConfigurationFault(
                    block.place(of: "encrypt"),
                    "the server cannot compress what the client has encrypted",
                    hint: "compress on the client too, or encrypt on the server."))
        }
        return refusals
    }

    private func keyword(_ setting: String) -> String { (block.keyword(setting)).lowercased() }

    /// A word of a header's first line: nothing that splits or quotes it.
    private static func isNameable(_ program: String) -> Bool {
        program.hasPrefix("/")
            && program.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"'\\<>&|".utf8.contains($0) }
    }

    private var useAmgtar: String {
        "write program \"APPLICATION\" and an application whose plugin is \"amgtar\"."
    }
}
