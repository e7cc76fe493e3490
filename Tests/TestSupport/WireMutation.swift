// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A place in a JSON tree.
public struct TreePath: Hashable, CustomStringConvertible, Sendable {
    public enum Step: Hashable, Sendable {
        case key(String)
        case index(Int)
    }

    public var steps: [Step]

    public init(steps: [Step] = []) {
        self.steps = steps
    }

    public var field: String {
        for case .key(let name) in steps.reversed() { return name }
        return ""
    }

    /// The field and what it is a part of, wherever that stands.
    public var names: String {
        steps.compactMap { if case .key(let name) = $0 { name } else { nil } }.suffix(2).joined(
            separator: ".")
    }

    public var description: String {
        steps.map { step in
            switch step {
            case .key(let name): name
            case .index(let index): "[\(index)]"
            }
        }.joined(separator: ".")
    }

    func appending(_ step: Step) -> TreePath { TreePath(steps: steps + [step]) }
}

/// Changes of JSON trees, as `JSONSerialization` has them.
public enum WireMutation {
    /// Every value in the tree, containers included.
    public static func paths(_ tree: Any, at path: TreePath = TreePath()) -> [TreePath] {
        var found = [path]
        if let object = tree as? [String: Any] {
            for (key, value) in object.sorted(by: { $0.key < $1.key }) {
                found += paths(value, at: path.appending(.key(key)))
            }
        } else if let list = tree as? [Any] {
            for (index, value) in list.enumerated() {
                found += paths(value, at: path.appending(.index(index)))
            }
        }
        return found
    }

    public static func value(in tree: Any, at path: TreePath) -> Any? {
        path.steps.reduce(Optional(tree)) { tree, step in
            switch step {
            case .key(let name): (tree as? [String: Any])?[name]
            case .index(let index): (tree as? [Any]).flatMap { $0.indices.contains(index) ? $0[index] : nil }
            }
        }
    }

    /// Of numbers alone, truths left out.
    public static func isNumber(_ value: Any?) -> Bool {
        guard let number = value as? NSNumber else { return false }
        return CFGetTypeName(number) == "number"
    }

    /// - Parameter value: nil: the value goes.
    public static func replacing(_ tree: Any, at path: ArraySlice<TreePath.Step>, with value: Any?) -> Any? {
        guard let step = path.first else { return value }
        let rest = path.dropFirst()
        switch step {
        case .key(let name):
            guard var object = tree as? [String: Any], let old = object[name] else { return tree }
            object[name] = replacing(old, at: rest, with: value)
            return object
        case .index(let index):
            guard var list = tree as? [Any], list.indices.contains(index) else { return tree }
            if let new = replacing(list[index], at: rest, with: value) {
                list[index] = new
            } else {
                list.remove(at: index)
            }
            return list
        }
    }

    /// `JSONSerialization` knows truths from numbers by their Objective-C type.
    private static func CFGetTypeName(_ number: NSNumber) -> String {
        String(cString: number.objCType) == "c" || String(cString: number.objCType) == "B"
            ? "truth" : "number"
    }

    public static var numbers: [Any] {
        [
            Int64.max, Int64.min, UInt64.max, -1, 0, 1, 400, 1e300, -1e300, 1e-300, 0.5, 1 << 60,
            (1 << 60) + 1,
            Int64(Int32.max) + 1, 9_007_199_254_740_993,
        ]
    }
    public static var texts: [Any] {
        [
            "", "\u{1B}[2J", "a\n node01 complete", "\u{202E}evil\u{2066}", "\u{9B}31m", "20991231235959",
            "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "99999-12-31T23:59:59Z", "1969-12-31T23:59:59Z",
            "../../etc/passwd", String(repeating: "x", count: 70_000), "\u{0}", "é\u{301}\u{200B}",
        ]
    }

    /// One change somewhere, the same for the same generator.
    public static func changed(_ tree: Any, _ generator: inout SeededGenerator) -> Any {
        let all = paths(tree)
        guard let path = all.randomElement(using: &generator) else { return tree }
        let old = value(in: tree, at: path)
        let new: Any? =
            switch Int.random(in: 0..<10, using: &generator) {
            case 0...3 where isNumber(old), 0: numbers.randomElement(using: &generator)
            case 1...4:
                old is String
                    ? texts.randomElement(using: &generator) : numbers.randomElement(using: &generator)
            case 5: NSNull()
            case 6: nil
            case 7: [old ?? 1, old ?? 2]
            case 8: ["x": old ?? 1]
            default: (old as? [Any]).map { $0 + $0 } ?? true
            }
        return replacing(tree, at: path.steps[...], with: new) ?? [:] as [String: Any]
    }
}
