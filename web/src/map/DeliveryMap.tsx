export default function DeliveryMap(_: object) { return null; }
