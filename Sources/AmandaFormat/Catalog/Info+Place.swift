// SPDX-License-Identifier: Apache-2.0

extension Info {
    /// Says where the newest dump of a level lies, if it is the one of `date`: a dump that waited on a holding disk has
    /// reached its volume.
    public mutating func place(level: Int, date: Int64, fileNumber: Int?, label: String?) {
        guard let index = levels.firstIndex(where: { $0.level == level && $0.date == date }) else { return }
        levels[index].fileNumber = fileNumber
        levels[index].label = label
    }
}
