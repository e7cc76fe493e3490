// SPDX-License-Identifier: Apache-2.0

/// `STATS driver gives-up <label> <datestamp>`: ours; before a volume's old dumps leave the tapelist, so that a label which
/// outlives its run's death is told from one that the catalog never knew.
///
/// Amanda's readers pass over a statistic that they do not know. Source: Amanda 3.5.1 `perl/Amanda/Report.pm`,
/// `_handle_driver_line`; seen with `amreport` and `amadmin find`.
extension LogLine {
    private static let givingUp = "gives-up"

    /// - Parameter volume: as it is labelled; no datestamp: it holds nothing.
    public static func givesUp(_ volume: VolumeHeader) -> LogLine {
        .note(
            kind: "STATS", program: "driver",
            text: "\(givingUp) \(AmandaQuotedString.quote(volume.label)) \(volume.datestamp?.digits ?? "0")")
    }

    /// nil for any other line.
    var givenUp: VolumeHeader? {
        guard case .note("STATS", "driver", let text) = self, text.hasPrefix(Self.givingUp),
            let words = AmandaQuotedString.words(of: text), words.count == 3, words[0] == Self.givingUp
        else { return nil }
        return VolumeHeader(datestamp: Datestamp(words[2]), label: AmandaQuotedString.unquote(words[1]))
    }
}
