// The emoji a seller answers with; the system's own picker has all the others.
import { m } from "../../words";

export const emojiGroups: readonly { name: () => string; list: readonly string[] }[] = [
	{
		name: m.emoji_trade,
		list: [..."✅❌❗❓💳💰🏷📦🚚🚗📍🏠⏰📅📞📷🎁🔧📏⭐🔥💯🤝🆗"],
	},
	{
		name: m.emoji_faces,
		list: [..."🙂😊😉😄😅😂🤗😍😎🤔🙄😐😕😢😭😱😤🥳🤩😇😴🤷🙈🤦"],
	},
	{
		name: m.emoji_hands,
		list: [..."👍👎👌👋🙏💪👏✌🤞👉👆✊❤💚💙💛💔🌹🌸🎉☀❄🐱🐶"],
	},
];
