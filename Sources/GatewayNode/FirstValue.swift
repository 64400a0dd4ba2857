import Synchronization

/// Something that is made the first time, and changed each time after.
final class FirstValue<Value: Sendable>: Sendable {
    private let held = Mutex<Value?>(nil)

    var value: Value? { held.withLock { $0 } }

    func set(make: () -> Value, replace: (Value) -> Void) {
        held.withLock { held in
            if let held { replace(held) } else { held = make() }
        }
    }
}
