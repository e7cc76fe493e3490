// SPDX-License-Identifier: Apache-2.0

/// Volumes: where they are, how they are labelled, how large they are.
extension AmandaConfiguration {
    /// What stands after `ST:` in logs.
    public var storageName: String { storage.name }

    /// What stands after `POOL:` in logs; `$c`, `$o` and `$r` resolved.
    public var tapepool: String {
        (storage.text("tapepool") ?? "").replacing("$c", with: name).replacing("$o", with: org)
            .replacing("$r", with: storageName)
    }

    /// Which labels are ours.
    public var labelConstraint: LabelConstraint {
        if case .labelConstraint(let constraint) = storage.value("labelstr") {
            constraint
        } else {
            .expression(".*")
        }
    }

    /// How new volumes get their labels.
    public var autolabel: Autolabel {
        if case .autolabel(let autolabel) = storage.value("autolabel") { autolabel } else { .none }
    }

    /// How many of the newest volumes must not be used again: the policy's, or one less than `tapecycle`.
    public var retentionTapeCount: Int {
        Int(policy?.integer("retention-tapes") ?? Int64(tapecycle - 1))
    }

    /// Which volumes the policy keeps beyond that.
    public var retentionRules: RetentionRules {
        func days(_ name: String) -> Int { Int(policy?.integer(name) ?? 0) }
        return RetentionRules(
            days: days("retention-days"), recoverDays: days("retention-recover"),
            fullDays: days("retention-full"))
    }

    /// Whether every volume is marked `no-reuse` once it is written.
    public var setsNoReuse: Bool { storage.bool("set-no-reuse") }

    private var policy: ConfigurationBlock? {
        storage.text("policy").flatMap { document.block(.policy, named: $0) }
    }

    /// The tapetype in use.
    public var tapetype: TapeType {
        let block = storage.text("tapetype").flatMap { document.block(.tapetype, named: $0) }
        return TapeType(
            block ?? ConfigurationBlock(.tapetype, name: "DEFAULT_TAPE", place: document.global.place))
    }
}
