// SPDX-License-Identifier: Apache-2.0

import Faults

/// What is taken, and does something else than its words may lead one to expect: for the operator to read beforehand.
extension AmandaConfiguration {
    /// Remarks on the dumptypes and scripts of these disks, and on how many volumes there are.
    ///
    /// - Parameter list: see `ChangerDefinition.slotCount`.
    public func remarks(
        on entries: [DisklistEntry], listing list: (_ directory: String) -> [String]?
    ) -> [Remark] {
        var seen: Set<Remark> = []
        return (entries.flatMap(\.dumptype.remarks) + rotationRemarks(listing: list)).filter {
            seen.insert($0).inserted
        }
    }

    /// What is set and has no effect here, in the order of the definitions, the global ones first.
    public var unusedParameters: [Remark] {
        let all = [document.global] + DefinitionKind.allCases.flatMap(document.blocks)
        return all.flatMap { block in
            block.ownParameters.compactMap { own in
                guard block.table.parameter(own.name)?.isUsed == false else { return nil }
                let title = block.kind.map { "\($0.rawValue) \(block.name): " } ?? ""
                return .unused(own.name, title + own.name, own.place)
            }
        }
    }

    /// Hidden characters in strings: what they name may be meant so, or may be found nowhere.
    public var hiddenCharacters: [Remark] { document.hidden }

    /// Device properties of the changer in use that have no effect here.
    public var unusedDeviceProperties: [Remark] {
        guard let changer = try? changer() else { return [] }
        return changer.deviceProperties.filter { !DeviceProperties.used.contains($0.name) }.map {
            .unused($0.name, "device-property \(ParameterReader.conventional($0.name))", $0.place)
        }
    }

    private func rotationRemarks(listing list: (_ directory: String) -> [String]?) -> [Remark] {
        let global = document.global
        let runs = runspercycle > 0 ? runspercycle : max(1, dumpcycleDays)
        var remarks: [Remark] = []
        // `amcheck` says so too.
        if runspercycle >= 0, tapecycle <= runs {
            remarks.append(
                Remark(
                    place: global.place(of: "tapecycle"),
                    "tapecycle \(tapecycle) is not more than the \(runs) runs of a "
                        + "dumpcycle: full dumps come more often, so that what a restore needs is not overwritten"
                ))
        }
        if let changer = try? changer(), let slotCount = changer.slotCount(listing: list),
            slotCount <= retentionTapeCount
        {
            remarks.append(
                Remark(
                    place: changer.place,
                    "changer '\(changer.name)' has \(slotCount) slot\(slotCount == 1 ? "" : "s"), and the newest "
                        + "\(retentionTapeCount) volumes are kept (tapecycle, retention-tapes): once all are written no "
                        + "run finds a volume; add slots, or lower tapecycle"))
        }
        return remarks
    }
}

extension DumpType {
    /// See `AmandaConfiguration.remarks`.
    var remarks: [Remark] {
        (strategyRemarks + bumpRemarks + selectionRemarks + holdingRemarks) + scripts.flatMap(\.notes)
    }

    private func remark(_ parameter: String, _ text: String) -> Remark {
        Remark(place: block.place(of: parameter), subject: "dumptype '\(name)'", text)
    }

    private var strategyRemarks: [Remark] {
        let schedule = schedule
        var remarks: [Remark] = []
        if strategy == "HANOI" {
            remarks.append(
                remark(
                    "strategy",
                    "strategy hanoi is planned as standard, as in stock Amanda: levels rise by bumpsize and bumpdays"
                )
            )
        }
        let makesNoFulls = schedule.skipsFulls || !schedule.makesFulls
        let makesNoIncrements = schedule.skipsIncrements || schedule.strategy == .noIncrements
        if makesNoFulls, makesNoIncrements {
            remarks.append(
                remark(
                    schedule.skipsFulls ? "skip-full" : "skip-incr",
                    "its disks are never dumped: neither full dumps nor increments are made"))
        } else if makesNoFulls {
            remarks.append(
                remark(
                    schedule.skipsFulls ? "skip-full" : "strategy",
                    "no full dump is ever made: nothing can be restored without one made by other means"))
        }
        return remarks
    }

    /// Source: amanda.conf(5), "bumppercent".
    private var bumpRemarks: [Remark] {
        guard block.isSet("bumpsize"), block.integer("bumppercent") > 0, schedule.makesIncrements else {
            return []
        }
        return [
            remark("bumpsize", "bumpsize has no effect beside bumppercent \(block.integer("bumppercent"))")
        ]
    }

    /// Source: seen with `amgetconf`: an empty name clears the patterns, not the lists.
    private var selectionRemarks: [Remark] {
        [("exclude", exclude), ("include", include)].compactMap { word, selection in
            guard selection.files.contains(""), selection.lists.contains(where: { !$0.isEmpty }) else {
                return nil
            }
            return remark(
                word,
                "\(word) \"\" does not clear the list '\(selection.lists.joined(separator: "', '"))', in stock Amanda "
                    + "neither; write \(word) list alone to clear it")
        }
    }

    private var holdingRemarks: [Remark] {
        guard block.keyword("holdingdisk") == "REQUIRED" else { return [] }
        return [
            remark(
                "holdingdisk",
                "holdingdisk required: dumps go straight to the volume, and to a holding disk only while there is none"
            )
        ]
    }
}

extension Remark {
    /// Of what stands in a configuration and has no effect.
    ///
    /// - Parameter subject: the parameter in Amanda's spelling, after the definition that holds it.
    fileprivate static func unused(_ parameter: String, _ subject: String, _ place: FaultPlace) -> Remark {
        Remark(
            place: place, subject: subject, reasons[parameter] ?? "read, kept, not used by this version")
    }

    /// For parameters that ask for what is never needed here.
    private static let reasons = [
        "part-cache-type": "has no effect: no part is ever written twice, so none is cached",
        "part-cache-dir": "has no effect: no part is ever written twice, so none is cached",
        "part-cache-max-size": "has no effect: no part is ever written twice, so none is cached",
        "eject-volume": "has no effect: nothing can be ejected",
        "taper-parallel-write": "has no effect: dumps that run at the same time share a volume",
    ]
}
