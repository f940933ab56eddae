// Tells the form the player's time zone: days of a streak begin at their midnight.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
for (const field of document.querySelectorAll("input[name=time_zone]")) if (zone) field.value = zone;
