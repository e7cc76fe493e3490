// SPDX-License-Identifier: Apache-2.0

extension DumpType {
    /// What this version cannot do, each with the line that asks for it. Empty: it can be dumped.
    public var refusals: [ConfigurationFault] {
        var refusals: [ConfigurationFault] = []
        func refuse(_ parameter: String, _ what: String, _ hint: String) {
            refusals.append(ConfigurationFault(block.place(of: parameter), what, hint: hint))
        }
        switch program {
        case "APPLICATION":
            if let application, application.plugin != "amgtar" {
                refuse("application", "application '\(application.plugin)' is not supported", useAmgtar)
            }
        default:
            refuse("program", "program \"\(program)\" is not supported", useAmgtar)
        }
        switch compression {
        case .clientCustom, .serverCustom:
            refuse("compress", "custom compression is not supported", "write compress client fast or best.")
        default:
            break
        }
        if encryption != .none {
            refuse("encrypt", "encryption is not supported by this version", "write encrypt none.")
        }
        refusals += scripts.flatMap(\.refusals)
        if block.keyword("data-path") == "DIRECTTCP" {
            refuse("data-path", "data-path directtcp is not supported", "write data-path amanda.")
        }
        return refusals
    }

    private var useAmgtar: String {
        "write program \"APPLICATION\" and an application whose plugin is \"amgtar\"."
    }
}
