// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import BlockingWork
import Faults
public import Files
public import Planning

/// A configuration as it was read, and where its catalog lies.
public struct LoadedConfiguration: Sendable {
    public let configuration: AmandaConfiguration
    public let disklist: Disklist
    public var location: CatalogLocation
    /// Who owns the catalog.
    public let dumpuser: UserAccount
    /// What was read for it, absolute: `amanda.conf`, the disklist, and what the two include.
    public internal(set) var files: [String] = []

    /// What is set and has no effect here, or another than its words say, for the administrator to see. Blocks.
    public var remarks: [Remark] {
        configuration.remarks(on: disklist.activeEntries, listing: Self.list) + clientFileRemarks
            + disklist.remarks + configuration.hiddenCharacters + [infofileRemark].compactMap { $0 }
            + configuration.unusedParameters
            + configuration.unusedDeviceProperties
    }

    /// Nil where it cannot be read, or does not answer.
    private static func list(_ directory: String) -> [String]? {
        PatientLook.all([directory], what: "slot-look", limit: .seconds(3)) { try? FileSystem.list($0) }[
            directory]?.flatMap(\.self)
    }

    /// Stock Amanda's client joins the properties that these files give to the application or script of a plugin's name.
    /// Source: amanda.conf(5), `client-name`; amanda-client.conf(5).
    private var clientFileRemarks: [Remark] {
        let root = FileSystem.parentDirectory(of: configuration.directory)
        let files = [root, configuration.directory].map { "\($0)/amanda-client.conf" }
        return files.filter(Self.definesTools).map {
            Remark("\($0) is not read: write what it says of applications and scripts into amanda.conf")
        }
    }

    private static func definesTools(_ file: String) -> Bool {
        guard let bytes = try? FileSystem.readAll(file) else { return false }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").contains { line in
            let words = line.split { $0 == " " || $0 == "\t" }.prefix(2).map { $0.lowercased() }
            return words.first == "define"
                && ["application", "script"].contains { words.last?.hasPrefix($0) == true }
        }
    }

    /// Seen with Amanda 3.5.1: `amadmin force` and its like write a relative `infofile` below `/tmp/amanda`, all other
    /// programs read it beside `amanda.conf`.
    private var infofileRemark: Remark? {
        guard !configuration.infofile.hasPrefix("/") else { return nil }
        return Remark(
            "infofile '\(configuration.infofile)' is no absolute path: what 'amadmin force' says reaches nobody; "
                + "write infofile \"\(configuration.infofilePath)\"")
    }

    /// How the volumes of this configuration are labelled, kept and used again.
    public var volumePolicy: VolumePolicy {
        let autolabel = configuration.autolabel
        var conditions: AutolabelConditions = []
        if autolabel.takesEmpty { conditions.insert(.empty) }
        if autolabel.takesOtherConfiguration { conditions.insert(.otherConfiguration) }
        if autolabel.takesForeign { conditions.insert(.nonAmanda) }
        if autolabel.takesVolumeError { conditions.insert(.volumeError) }
        var labelstr: String?
        if case .expression(let expression) = configuration.labelConstraint { labelstr = expression }
        var policy = VolumePolicy(
            configuration: configuration.name, organisation: configuration.org, labelstr: labelstr,
            autolabelTemplate: autolabel.template, autolabel: conditions, tapecycle: configuration.tapecycle,
            storage: location.storage)
        policy.pool = location.pool
        policy.retainedVolumeCount = max(0, configuration.retentionTapeCount)
        policy.rules = configuration.retentionRules
        return policy
    }
}
