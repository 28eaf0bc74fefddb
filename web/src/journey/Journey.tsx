export default function Journey() { return null; }
