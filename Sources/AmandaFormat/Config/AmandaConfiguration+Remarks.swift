// SPDX-License-Identifier: Apache-2.0

/// What is taken, and does something else than its words may lead one to expect: for the operator to read beforehand.
extension AmandaConfiguration {
    /// Remarks on the dumptypes and scripts of these disks, and on how many volumes there are.
    public func remarks(on entries: [DisklistEntry]) -> [String] {
        var seen: Set<String> = []
        return (entries.flatMap(\.dumptype.remarks) + rotationRemarks).filter { seen.insert($0).inserted }
    }

    /// Device properties of the changer in use that have no effect here.
    public var unusedDeviceProperties: [UnusedParameter] {
        guard let changer = try? changer() else { return [] }
        return changer.deviceProperties.filter { !DeviceProperties.used.contains($0.name) }.map {
            UnusedParameter(
                place: $0.place, name: "device-property \(ParameterReader.conventional($0.name))")
        }
    }

    private var rotationRemarks: [String] {
        let global = document.global
        let runs = runspercycle > 0 ? runspercycle : max(1, dumpcycleDays)
        var remarks: [String] = []
        // `amcheck` says so too.
        if runspercycle >= 0, tapecycle <= runs {
            remarks.append(
                "\(global.place(of: "tapecycle")): tapecycle \(tapecycle) is not more than the \(runs) runs of a "
                    + "dumpcycle: full dumps come more often, so that what a restore needs is not overwritten"
            )
        }
        if let changer = try? changer(), changer.devices.count <= retentionTapeCount {
            remarks.append(
                "\(changer.place): changer '\(changer.name)' has \(changer.devices.count) slots, and the newest "
                    + "\(retentionTapeCount) volumes are kept (tapecycle, retention-tapes): once all are written no "
                    + "run finds a volume; add slots, or lower tapecycle")
        }
        return remarks
    }
}

extension DumpType {
    /// See `AmandaConfiguration.remarks`.
    var remarks: [String] {
        (strategyRemarks + bumpRemarks + selectionRemarks + holdingRemarks) + scripts.flatMap(\.notes)
    }

    private func remark(_ parameter: String, _ text: String) -> String {
        "\(block.place(of: parameter)): dumptype '\(name)': \(text)"
    }

    private var strategyRemarks: [String] {
        let schedule = schedule
        var remarks: [String] = []
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
    private var bumpRemarks: [String] {
        guard block.isSet("bumpsize"), block.integer("bumppercent") > 0, schedule.makesIncrements else {
            return []
        }
        return [
            remark("bumpsize", "bumpsize has no effect beside bumppercent \(block.integer("bumppercent"))")
        ]
    }

    /// Source: seen with `amgetconf`: an empty name clears the patterns, not the lists.
    private var selectionRemarks: [String] {
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

    private var holdingRemarks: [String] {
        guard block.keyword("holdingdisk") == "REQUIRED" else { return [] }
        return [
            remark(
                "holdingdisk",
                "holdingdisk required: dumps go straight to the volume, and to a holding disk only while there is none"
            )
        ]
    }
}
