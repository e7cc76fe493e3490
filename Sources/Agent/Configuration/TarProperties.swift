// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Dump
import Faults

/// What a disk's application asks of tar, and which of its properties amgtar would refuse.
struct TarProperties {
    /// By those that are as they should be.
    let options: TarOptions
    /// Each with the line that sets it.
    let faults: [(place: FaultPlace, error: DumpError)]
    /// The line of its GNUTAR-PATH; nil: it has none.
    let pathPlace: FaultPlace?

    init(_ entry: DisklistEntry) {
        var good: [DLEDescription.Property] = []
        var faults: [(place: FaultPlace, error: DumpError)] = []
        for property in entry.dumptype.application?.properties ?? [] where property.isVisible {
            let asked = DLEDescription.Property(property)
            do {
                _ = try TarOptions(properties: [asked])
                good.append(asked)
            } catch {
                faults.append((property.place, error))
            }
        }
        options = (try? TarOptions(properties: good)) ?? TarOptions()
        self.faults = faults
        pathPlace = entry.dumptype.application?.properties.last { $0.name == "gnutar-path" }?.place
    }
}
