/** A picture for everything: the shop's own, or a quiet tile with a sign of what it is. */
import {
  Apple,
  Bandage,
  Bike,
  BookOpen,
  Cake,
  Candy,
  Carrot,
  Cherry,
  Coffee,
  Cookie,
  Croissant,
  CupSoda,
  EggFried,
  Flower2,
  Gamepad2,
  Grape,
  Ham,
  Leaf,
  type LucideIcon,
  Milk,
  Package,
  Pill,
  Pizza,
  Salad,
  Sandwich,
  ShoppingBag,
  Soup,
  Sprout,
  ToyBrick,
  Utensils,
  Wheat,
  Wine,
} from "lucide-react";

type Look = readonly [LucideIcon, number];

/** A sign and the hue of its ground. */
const LOOKS: Record<string, Look> = {
  bakery: [Croissant, 70],
  bread: [Wheat, 78],
  pastry: [Croissant, 62],
  rolls: [Cookie, 70],
  grocery: [Carrot, 135],
  vegetables: [Carrot, 140],
  fruit: [Apple, 25],
  herbs: [Leaf, 150],
  kitchen: [Soup, 35],
  noodles: [Soup, 48],
  dumplings: [EggFried, 60],
  sides: [Utensils, 100],
  drinks: [CupSoda, 215],
  pizza: [Pizza, 30],
  salads: [Salad, 140],
  desserts: [Cake, 355],
  curries: [Soup, 65],
  dosa: [Utensils, 80],
  soups: [Soup, 40],
  bowls: [Salad, 120],
  "cold cuts": [Ham, 15],
  antipasti: [Grape, 300],
  cheese: [Sandwich, 90],
  wine: [Wine, 340],
  delicatessen: [Ham, 20],
  dairy: [Milk, 230],
  pantry: [Package, 80],
  snacks: [Cookie, 55],
  sweets: [Candy, 350],
  books: [BookOpen, 260],
  novels: [BookOpen, 265],
  children: [BookOpen, 200],
  guides: [BookOpen, 160],
  maps: [BookOpen, 190],
  cooking: [BookOpen, 40],
  flowers: [Flower2, 345],
  bouquets: [Flower2, 350],
  plants: [Sprout, 145],
  bikes: [Bike, 230],
  lights: [Bike, 90],
  parts: [Bike, 240],
  pharmacy: [Pill, 180],
  "first aid": [Bandage, 20],
  vitamins: [Cherry, 30],
  toys: [ToyBrick, 285],
  bricks: [ToyBrick, 25],
  puzzles: [Gamepad2, 280],
  trains: [ToyBrick, 210],
  convenience: [ShoppingBag, 205],
  cafe: [Coffee, 60],
};

function look(of: string): Look {
  const known = LOOKS[of.toLowerCase()];
  if (known) return known;
  const hue = [...of].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360, 7);
  return [Package, hue];
}

interface Pictured {
  of: string;
  image?: string | undefined;
  size?: number;
  className?: string;
}

export function Tile({ of, image, size = 36, className = "" }: Pictured) {
  const [Icon, hue] = look(of);
  if (image)
    return <img className={`tile ${className}`} src={image} alt="" loading="lazy" decoding="async" />;
  return (
    <span className={`tile ${className}`} style={{ "--hue": hue } as React.CSSProperties} aria-hidden="true">
      <Icon size={size} strokeWidth={1.6} />
    </span>
  );
}
