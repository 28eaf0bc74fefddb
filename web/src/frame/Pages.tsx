/** Every address of the page. What isn't the start is loaded when somebody goes there. */
import { lazy, Suspense } from "react";
import { Route, Routes } from "react-router";
import Home from "../order/Home";
import { Bones } from "../parts/States";
import { Frame } from "./Frame";
import { NotFound } from "./NotFound";
import { Only } from "./Only";

const Menu = lazy(() => import("../order/Menu"));
const ShopPage = lazy(() => import("../order/ShopPage"));
const CartPage = lazy(() => import("../order/CartPage"));
const Checkout = lazy(() => import("../order/Checkout"));
const Orders = lazy(() => import("../order/Orders"));
const Tracking = lazy(() => import("../order/Tracking"));
const Journey = lazy(() => import("../journey/Journey"));
const SignIn = lazy(() => import("../account/SignIn"));
const SignUp = lazy(() => import("../account/SignUp"));
const Account = lazy(() => import("../account/Account"));
const Board = lazy(() => import("../board/Board"));
const Stock = lazy(() => import("../board/Stock"));
const Deliveries = lazy(() => import("../board/Deliveries"));
const Overview = lazy(() => import("../admin/Overview"));
const People = lazy(() => import("../admin/People"));
const Audit = lazy(() => import("../admin/Audit"));

export function Pages() {
  return (
    <Frame>
      <Suspense
        fallback={
          <div className="page">
            <Bones />
          </div>
        }
      >
        <Routes>
          <Route index element={<Home />} />
          <Route path="menu" element={<Menu />} />
          <Route path="shops/:id" element={<ShopPage />} />
          <Route path="cart" element={<CartPage />} />
          <Route path="checkout/:shop" element={<Checkout />} />
          <Route path="journey" element={<Journey />} />
          <Route path="sign-in" element={<SignIn />} />
          <Route path="sign-up" element={<SignUp />} />
          <Route element={<Only />}>
            <Route path="orders" element={<Orders />} />
            <Route path="orders/:id" element={<Tracking />} />
            <Route path="account" element={<Account />} />
          </Route>
          <Route element={<Only who="manager" />}>
            <Route path="shop" element={<Board />} />
            <Route path="shop/stock" element={<Stock />} />
          </Route>
          <Route element={<Only who="courier" />}>
            <Route path="deliveries" element={<Deliveries />} />
          </Route>
          <Route element={<Only who="admin" />}>
            <Route path="admin" element={<Overview />} />
            <Route path="admin/people" element={<People />} />
            <Route path="admin/audit" element={<Audit />} />
          </Route>
          <Route path="*" element={<NotFound />} />
        </Routes>
      </Suspense>
    </Frame>
  );
}
