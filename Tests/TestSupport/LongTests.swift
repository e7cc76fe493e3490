// SPDX-License-Identifier: Apache-2.0

import Foundation
public import Testing

/// What takes too long for every change: plain `ci/test` leaves it out and names it, `ci/test --all` runs it.
///
///     @Test(.long) func `a year of nights …`
///     @Test(arguments: LongTests.whole(orders, or: [orders[1]], leavingOut: "two orders of three"))
public enum LongTests {
    /// `AMFLEET_LONG=1`.
    public static let areWanted = ProcessInfo.processInfo.environment["AMFLEET_LONG"] == "1"

    /// `whole` where long tests are wanted, else `small`, and a line that names what is left out.
    public static func whole<Value>(_ whole: Value, or small: Value, leavingOut name: String) -> Value {
        if areWanted { return whole }
        print("left out: \(name)")
        return small
    }

    /// Prints a line at once: `ci/test` takes a test that has been silent for ten minutes for one that hangs.
    public static func tell(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data("\(text)\n".utf8))
    }

    /// All rows of a table where long tests are wanted, else the first ones, and a line that names the table.
    public static func first<Row>(_ count: Int, of rows: [Row], in table: String) -> [Row] {
        whole(
            rows, or: Array(rows.prefix(count)),
            leavingOut: "\(rows.count - count) of \(rows.count) rows of \(table)")
    }
}

extension Trait where Self == ConditionTrait {
    /// Takes long: see `LongTests`. `ci/test` finds the comment in what the tests print.
    public static var long: Self { .enabled(if: LongTests.areWanted, "left out: it takes long") }
}
