// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// When a volume may be labelled by itself: the words after the template of `autolabel`.
public struct AutolabelConditions: OptionSet, Hashable, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Nothing is there.
    public static let empty = AutolabelConditions(rawValue: 1)
    /// The label is that of another configuration.
    public static let otherConfiguration = AutolabelConditions(rawValue: 2)
    /// Something is there, but no Amanda label.
    public static let nonAmanda = AutolabelConditions(rawValue: 4)
    /// The label could not be read.
    public static let volumeError = AutolabelConditions(rawValue: 8)
    public static let any: AutolabelConditions = [.empty, .otherConfiguration, .nonAmanda, .volumeError]
}

/// What `amanda.conf` says about the volumes of a storage.
public struct VolumePolicy: Equatable, Sendable {
    public var configuration: String
    public var storage: String
    public var pool: String
    var labelPattern: LabelPattern
    /// Nil: no volume is ever labelled by itself.
    var labelTemplate: LabelTemplate?
    var autolabel: AutolabelConditions
    var variables: LabelVariables
    /// The newest so many reusable volumes are never overwritten: by default `tapecycle` - 1.
    public var retainedVolumeCount: Int
    /// What is kept beside them.
    public var rules = RetentionRules()

    /// Without a storage of its own, a configuration's storage and pool bear its name.
    public init(
        configuration: String, organisation: String, labelstr: String?, autolabelTemplate: String?,
        autolabel: AutolabelConditions, tapecycle: Int, storage: String? = nil
    ) {
        self.configuration = configuration
        self.storage = storage ?? configuration
        pool = self.storage
        variables = LabelVariables(
            configuration: configuration, organisation: organisation, storage: self.storage)
        labelTemplate = autolabelTemplate.flatMap { $0.isEmpty ? nil : LabelTemplate($0) }
        self.autolabel = autolabel
        labelPattern = LabelPattern(labelstr: labelstr, autolabel: labelTemplate, variables: variables)
        retainedVolumeCount = max(0, tapecycle - 1)
    }
}
